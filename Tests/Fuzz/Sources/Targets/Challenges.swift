@testable import CredentialProtocol

/// `WWW-Authenticate`: each line is the value of one field.
func fuzzChallenge(_ bytes: [UInt8]) throws {
    let fields = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        .map { String(decoding: $0, as: UTF8.self) }
    let challenges = AuthenticationChallenge.parse(fields)
    try require(challenges == fields.flatMap { AuthenticationChallenge.parse([$0]) }, "one field changes another")
    for challenge in challenges { try requireReadable(challenge) }

    // Written in the syntax of RFC 9110, the challenges parse to the same values: in separate fields and in one field.
    let written = challenges.map(field)
    try require(AuthenticationChallenge.parse(written) == challenges, "another challenge after writing: \(written)")
    let joined = written.joined(separator: ", ")
    try require(AuthenticationChallenge.parse([joined]) == challenges, "another challenge after writing: \(joined)")

    if let bearer = AuthenticationChallenge.bearer(in: fields) {
        try require(challenges.contains(bearer) && bearer.scheme == "bearer", "a challenge that was not sent")
    }
    let schemes = AuthenticationChallenge.schemes(in: fields)
    try require(challenges.allSatisfy { schemes.contains($0.scheme) }, "the scheme of a challenge is missing")
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
    try require(
        challenge.scope?.isEmpty != true && challenge.scope?.allSatisfy(isScope) != false, "empty or invalid scopes")
    try require(challenge.maxAge.map { $0 >= 0 } ?? true, "a negative age")
}

private func field(_ challenge: AuthenticationChallenge) -> String {
    if let token = challenge.token68 { return challenge.scheme + " " + token }
    let parameters = challenge.parameters.sorted { $0.key < $1.key }.map { name, value in
        // Scalar by scalar: a quotation mark with a combining accent is one other `Character` in Swift.
        let escaped = value.unicodeScalars.map { ["\\", "\""].contains($0) ? "\\\($0)" : "\($0)" }.joined()
        return "\(name)=\"\(escaped)\""
    }
    return parameters.isEmpty ? challenge.scheme : challenge.scheme + " " + parameters.joined(separator: ", ")
}
