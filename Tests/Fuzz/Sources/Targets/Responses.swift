import Dialects
import Secrets

@testable import CredentialProtocol

/// A response with values from a server or a keyring. The first byte chooses the fields. The byte 0xFF, which never
/// occurs in UTF-8, separates them.
func fuzzResponse(_ bytes: [UInt8]) throws {
    let (response, request, values) = response(bytes)
    for dialect in [GitDialect(), LineDialect()] as [any AttributeDialect] {
        let answer = outcome { () throws(ResponseError) in try dialect.encode(response, for: request) }
        let again = outcome { () throws(ResponseError) in try dialect.encode(response, for: request) }
        try require(answer == again, "one response has two encodings")
        guard case .success(let written) = answer else { continue }
        try require(written.last == 0x0A, "the last line has no end")
        let lines = try AttributeLines(written).lines
        try require(lines.count == written.count { $0 == 0x0A }, "a blank line inside the answer")
        for line in lines {
            try require(
                values[line.name]?.contains(Array(line.value)) == true,
                "a value that is not in the response: \(line.name)")
        }
        let secrets = lines.filter { ["password", "credential"].contains($0.name) }.map { Array($0.value) }
        try require(!secrets.isEmpty && secrets.allSatisfy { $0 == response.password.exposedBytes }, "another secret")
        guard response.authtype != nil else { continue }
        try require(secrets.allSatisfy { !$0.isEmpty && isVisible($0) }, "a token that is not visible ASCII")
    }
}

/// The response, its request, and the allowed values of each line by name.
private func response(
    _ bytes: [UInt8]
) -> (response: CredentialResponse, request: CredentialRequest, values: [String: [[UInt8]]]) {
    let flags = bytes.first ?? 0
    let fields = bytes.dropFirst().split(separator: 0xFF, omittingEmptySubsequences: false).map { Array($0) }
    func has(_ bit: UInt8) -> Bool { flags & 1 << bit != 0 }
    func field(_ index: Int, _ bit: UInt8) -> [UInt8]? {
        has(bit) ? (fields.indices.contains(index) ? fields[index] : []) : nil
    }
    func text(_ index: Int, _ bit: UInt8) -> String? { field(index, bit).map { String(decoding: $0, as: UTF8.self) } }
    func one(_ text: String?) -> [[UInt8]] { text.map { [Array($0.utf8)] } ?? [] }

    let response = CredentialResponse(
        username: text(1, 0), password: Secret(fields.first ?? []), passwordExpiryUTC: has(3) ? -1 : nil,
        oauthRefreshToken: field(3, 2).map { Secret($0) }, authtype: text(2, 1), ephemeral: has(3), continue: has(4),
        state: text(4, 6).map { [$0] } ?? [])
    let request = CredentialRequest(
        protocolName: "https", host: "git.example.com",
        capabilities: Set((has(5) ? [Capability.authtype] : []) + (has(6) ? [.state] : [])),
        wwwauth: has(7) ? ["Bearer"] : [])
    let values: [String: [[UInt8]]] = [
        "username": one(response.username), "password": [response.password.exposedBytes],
        "password_expiry_utc": one("-1"),
        "oauth_refresh_token": response.oauthRefreshToken.map { [$0.exposedBytes] } ?? [],
        "authtype": one(response.authtype), "credential": [response.password.exposedBytes],
        "ephemeral": one("1"), "continue": one("1"), "state[]": one(response.state.first),
        "capability[]": one("authtype") + one("state"),
    ]
    return (response, request, values)
}

/// A token and a user name for `keyfob token`. The byte 0xFF separates them.
func fuzzTokenFormat(_ bytes: [UInt8]) throws {
    let fields = bytes.split(separator: 0xFF, omittingEmptySubsequences: false)
    let username = fields.count > 1 ? String(decoding: fields[1], as: UTF8.self) : nil
    let response = CredentialResponse(username: username, password: Secret(fields[0]), authtype: "Bearer")
    for format in TokenFormat.allCases {
        guard let written = try? format.encode(response, user: "alice") else { continue }
        try require(!fields[0].isEmpty && isVisible(fields[0]), "a token that is not visible ASCII")
        let lines = format == .env ? 2 : 1
        try require(written.last == 0x0A && written.count { $0 == 0x0A } == lines, "a wrong number of lines")
        try require(written.allSatisfy { $0 >= 0x20 || $0 == 0x0A }, "a control character in the output")
    }
}
