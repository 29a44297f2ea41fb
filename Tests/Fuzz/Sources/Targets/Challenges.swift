@testable import CredentialProtocol

/// `WWW-Authenticate`: one field a line.
func fuzzChallenge(_ bytes: [UInt8]) throws {
    let fields = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        .map { String(decoding: $0, as: UTF8.self) }
    let challenges = AuthenticationChallenge.parse(fields)
    try require(challenges == fields.flatMap { AuthenticationChallenge.parse([$0]) }, "one field changes another")
    for challenge in challenges { try requireReadable(challenge) }

    // What was read, written as RFC 9110 has it, reads as the same: each for itself, and all in one field.
    let written = challenges.map(field)
    try require(AuthenticationChallenge.parse(written) == challenges, "reads as another: \(written)")
    let joined = written.joined(separator: ", ")
    try require(AuthenticationChallenge.parse([joined]) == challenges, "reads as another: \(joined)")

    if let bearer = AuthenticationChallenge.bearer(in: fields) {
        try require(challenges.contains(bearer) && bearer.scheme == "bearer", "a challenge that is not there")
    }
    let schemes = AuthenticationChallenge.schemes(in: fields)
    try require(challenges.allSatisfy { schemes.contains($0.scheme) }, "a scheme that is not there")
}

private func requireReadable(_ challenge: AuthenticationChallenge) throws {
    let names = [challenge.scheme] + Array(challenge.parameters.keys)
    try require(
        names.allSatisfy { !$0.isEmpty && isVisible($0.utf8) && $0 == $0.lowercased() && !$0.contains(",") }, "\(names)"
    )
    let values = Array(challenge.parameters.values)
    try require(
        values.flatMap(\.utf8).allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }, "a control character: \(values)")
    try require(challenge.token68 == nil || challenge.parameters.isEmpty, "both a token and parameters")
    try require(challenge.scope?.isEmpty != true && challenge.scope?.allSatisfy(isScope) != false, "no scopes")
    try require(challenge.maxAge.map { $0 >= 0 } ?? true, "an age before birth")
}

private func field(_ challenge: AuthenticationChallenge) -> String {
    if let token = challenge.token68 { return challenge.scheme + " " + token }
    let parameters = challenge.parameters.sorted { $0.key < $1.key }.map { name, value in
        // Scalar by scalar: to Swift a quotation mark and an accent behind it are one character, and no quotation mark.
        let escaped = value.unicodeScalars.map { ["\\", "\""].contains($0) ? "\\\($0)" : "\($0)" }.joined()
        return "\(name)=\"\(escaped)\""
    }
    return parameters.isEmpty ? challenge.scheme : challenge.scheme + " " + parameters.joined(separator: ", ")
}
