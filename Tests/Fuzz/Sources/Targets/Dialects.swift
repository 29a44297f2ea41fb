import Addresses
import Secrets

@testable import CredentialProtocol

func fuzzGitDialect(_ bytes: [UInt8]) throws { try fuzz(GitDialect(), bytes) }

func fuzzLineDialect(_ bytes: [UInt8]) throws {
    try fuzz(LineDialect(), bytes)
    // A request that the git dialect accepts too must mean the same there.
    guard let lines = try? AttributeLines(bytes).lines, !lines.contains(where: { $0.name == "url" }),
        var asked = try? LineDialect().decode(bytes, for: .get)
    else { return }
    (asked.scope, asked.resource, asked.minTTL, asked.interaction) = ([], nil, nil, nil)
    let git = outcome { () throws(RequestError) in try GitDialect().decode(bytes, for: .get) }
    try require(git == .success(asked), "the two dialects differ about one request")
}

private func fuzz(_ dialect: some AttributeDialect, _ bytes: [UInt8]) throws {
    let first = outcome { () throws(RequestError) in try dialect.decode(bytes, for: .get) }
    let second = outcome { () throws(RequestError) in try dialect.decode(bytes, for: .get) }
    try require(first == second, "one request has two readings")
    guard case .success(let request) = first else { return }
    try requireClean(request)
    try requireIdentity(request)

    let written = lines(of: request)
    let again = outcome { () throws(RequestError) in try dialect.decode(written, for: .get) }
    try require(again == .success(request), "another request after writing: \(again)")
    try requireAnswer(dialect, request)
}

/// Checks that the request has no control characters and that each value is in its valid range.
private func requireClean(_ request: CredentialRequest) throws {
    let texts = [
        request.protocolName, request.host, request.path, request.username, request.authtype, request.resource,
    ]
    let secrets = [request.password, request.credential, request.oauthRefreshToken].compactMap { $0?.exposedBytes }
    let values = texts.compactMap { $0.map { Array($0.utf8) } } + secrets + request.state.map { Array($0.utf8) }
    try require(values.joined().allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a control character in a value")
    let challenges = request.wwwauth.flatMap(\.utf8)
    try require(
        challenges.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }, "a control character in a challenge")
    try require(request.scope.allSatisfy(isScope), "an invalid scope")
    try require(request.minTTL.map { $0 >= 0 } ?? true, "a negative lifetime")
    try require(request.passwordExpiryUTC.map { $0 > 0 } ?? true, "an expiry before 1970")
}

/// Checks the service of the request. An incomplete URL must not match any stored credential (CVE-2020-11008).
private func requireIdentity(_ request: CredentialRequest) throws {
    try require(!request.protocolName.isEmpty, "no protocol")
    guard ["http", "https"].contains(request.protocolName.lowercased()) else {
        return try require(request.url == nil, "a service for a scheme other than http and https")
    }
    guard let url = request.url else { throw Violation(description: "no service") }
    try require(!url.host.isEmpty && request.host.lowercased().hasPrefix(url.host), "another host: \(url)")
    try require((1...65_535).contains(url.port), "an invalid port")
}

/// The request in the format of git-credential(1).
private func lines(of request: CredentialRequest) -> [UInt8] {
    var bytes: [UInt8] = []
    func line(_ name: Attribute, _ value: [UInt8]?) {
        guard let value else { return }
        bytes += Array(name.rawValue.utf8) + [UInt8(ascii: "=")] + value + [0x0A]
    }
    func line(_ name: Attribute, _ value: String?) { line(name, value.map { Array($0.utf8) }) }
    for capability in Capability.allCases where request.capabilities.contains(capability) {
        line(.capability, capability.rawValue)
    }
    line(.protocolName, request.protocolName)
    line(.host, request.host)
    line(.path, request.path)
    line(.username, request.username)
    line(.password, request.password?.exposedBytes)
    line(.passwordExpiryUTC, request.passwordExpiryUTC.map { String($0) })
    line(.oauthRefreshToken, request.oauthRefreshToken?.exposedBytes)
    line(.authtype, request.authtype)
    line(.credential, request.credential?.exposedBytes)
    line(.ephemeral, request.ephemeral ? "true" : nil)
    for challenge in request.wwwauth { line(.wwwauth, challenge) }
    for state in request.state { line(.state, state) }
    line(.scope, request.scope.isEmpty ? nil : request.scope.joined(separator: " "))
    line(.resource, request.resource)
    line(.minTTL, request.minTTL.map { String($0) })
    line(.interaction, request.interaction?.rawValue)
    return bytes
}

/// Checks that the answer holds only values of the response, and none from the request.
private func requireAnswer(_ dialect: some AttributeDialect, _ request: CredentialRequest) throws {
    let response = CredentialResponse(
        username: "oauth2", password: Secret("t0ken"), passwordExpiryUTC: 2_000_000_000, authtype: "Bearer",
        state: ["keyfob:account=1"])
    let answer = try AttributeLines(try dialect.encode(response, for: request)).lines
    let values = [
        "capability[]": ["authtype", "state"], "authtype": ["Bearer"], "credential": ["t0ken"],
        "username": ["oauth2"], "password": ["t0ken"], "password_expiry_utc": ["2000000000"],
        "state[]": ["keyfob:account=1"],
    ]
    for line in answer {
        let value = String(decoding: line.value, as: UTF8.self)
        try require(
            values[line.name]?.contains(value) == true, "a value that is not in the response: \(line.name)=\(value)")
    }
    let given = answer.filter { ["credential", "password"].contains($0.name) }
    try require(!given.isEmpty, "an answer without a token")
}
