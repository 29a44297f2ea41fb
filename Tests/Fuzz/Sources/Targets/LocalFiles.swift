import Addresses
import AsyncHTTPClient
import CredentialProtocol
import Secrets
import TOMLKit

@testable import Import
@testable import KernelKeyring
@testable import KeyfobCore
@testable import OAuth

/// A configuration file, and the list of approvals that keyfob would write for its hosts.
func fuzzConfiguration(_ bytes: [UInt8]) throws {
    guard let text = String(validating: bytes, as: UTF8.self) else { return }
    let first = outcome { () throws(ConfigurationError) in try TOMLConfiguration(text, file: "c.toml").decode() }
    let second = outcome { () throws(ConfigurationError) in try TOMLConfiguration(text, file: "c.toml").decode() }
    try require(first == second, "one file has two readings")
    switch first {
    case .failure(let error):
        let lines = bytes.count { $0 == 0x0A } + 1
        try require(error.line.map { (1...lines + 1).contains($0) } != false, "line \(error.line ?? 0) of \(lines)")
        try require(error.file == "c.toml", "another file")
    case .success(let configuration):
        for host in configuration.hosts {
            try require(host.service.scheme == "https" || host.service.isLoopback, "a service without TLS")
            try require(configuration.host(for: host.service) != nil, "a service that is not found")
            try requireApproval(host)
        }
        let times = [configuration.minTTL, configuration.loginTimeout].compactMap { $0 }
        try require(times.allSatisfy { (1...86_400).contains($0) }, "an invalid time")
    }
}

/// Checks that the stored approval of a host has the same values when it is read again.
private func requireApproval(_ host: Configuration.Host) throws {
    guard case .issuer(let issuer, _, _) = host.server else { return }
    let hosts = TOMLTable()
    hosts[host.service.description] = Approvals.entry(host)
    let root = TOMLTable()
    root["host"] = hosts
    let written = root.convert(to: .toml)
    let read = outcome { () throws(ConfigurationError) in try TOMLConfiguration(written, file: "a.toml").decode() }
    guard case .success(let again) = read, let entry = again.hosts.first, again.hosts.count == 1 else {
        throw Violation(description: "keyfob's own file cannot be read: \(read): \(written)")
    }
    try require(entry.service == host.service, "another service: \(written)")
    try require(entry.server?.identifier == issuer, "another issuer: \(written)")
    try require(entry.clientID == host.clientID && entry.flow == host.flow, "another client: \(written)")
    try require(entry.scopes == host.scopes, "other scopes: \(written)")
    try require(entry.resource?.uri == host.resource?.uri, "another resource: \(written)")
}

/// A payload in kernel memory.
func fuzzKernel(_ bytes: [UInt8]) throws {
    guard let token = CachedAccessToken(payload: Secret(bytes)) else { return }
    try require(token.payload.exposedBytes == bytes, "a payload that differs from its bytes")
    for now in [0, 1_700_000_000, Int64.max] {
        _ = token.isFresh(at: now)
        _ = token.hasLife(300, at: now)
        try require(
            !token.hasLife(.max, at: now) || token.lifetime != nil || token.expiresAt == nil, "an endless lifetime")
    }
}

/// An item of the Secret Service with a grant in it.
func fuzzGrant(_ bytes: [UInt8]) throws {
    guard var grant = Grant(Secret(bytes)) else { return }
    // For a client without a secret, the authentication method is not stored.
    if grant.client.secret == nil { grant.client.authentication = .none }
    try require(Grant(grant.encoded) == grant, "another grant after decoding")
}

/// An item of the Secret Service with a registration in it.
func fuzzClient(_ bytes: [UInt8]) throws {
    guard let registration = Registration(Secret(bytes)) else { return }
    try require(
        Registration(registration.encoded)?.value == registration.value, "another registration after decoding")
    _ = registration.value.redirect
    _ = registration.value.isExpired(at: 1_700_000_000)
}

/// `https_proxy` on the first line, `no_proxy` on the second.
func fuzzProxy(_ bytes: [UInt8]) throws {
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    let settings = NetworkSettings(environment: [
        "https_proxy": String(lines[0]), "no_proxy": lines.count > 1 ? String(lines[1]) : "",
    ])
    let near = try EndpointURL("http://127.0.0.1:8080/")
    try require(try settings.proxy(for: near) == nil, "a proxy for loopback")
    do {
        guard let proxy = try settings.proxy(for: try EndpointURL("https://login.example.com/")) else { return }
        try require(!proxy.host.isEmpty && isVisible(proxy.host.utf8), "a proxy without a host")
        try require(!proxy.host.contains("@") && (1...65_535).contains(proxy.port), "an invalid proxy")
    } catch let error as OAuthError {
        try requirePlain(error)
    }
}

/// The output of `git config -z`, for both sections that keyfob reads.
func fuzzGitConfig(_ bytes: [UInt8]) throws {
    let settings = GitSettings(output: bytes)
    _ = settings.declinesInteraction
    guard let url = try? ServiceURL("https://git.example.com/a") else { return }
    let oauth = outcome { () throws(ConfigurationError) in try settings.oauth(for: url) }
    if case .success(let found?) = oauth {
        for endpoint in [found.host.authorizationEndpoint, found.host.tokenEndpoint] {
            try require(endpoint.map { $0.scheme == "https" || $0.isLoopback } == true, "an endpoint without TLS")
        }
        let isPlain = found.host.username.map { $0.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }
        try require(isPlain != false, "a user name with control characters")
        try require(!found.client.id.isEmpty, "a client without an id")
    }
    var network = NetworkSettings(environment: [:])
    GitNetworkSettings(output: bytes, environment: ["HOME": "/home/somebody"]).apply(to: &network)
    try require(network.authorities?.isEmpty != true, "a CA file without a name")
    try requireHelpers(bytes, of: url)
}

/// Checks that a chain of helpers without keyfob is reported, and that a chain with keyfob is not.
private func requireHelpers(_ bytes: [UInt8], of url: ServiceURL) throws {
    for chain in [HelperChain(bytes, for: nil), HelperChain(bytes, for: url)] {
        let isOurs = chain.helpers.contains { $0.kind == .keyfob }
        try require(chain.concerns.contains(.keyfobIsMissing) != isOurs, "keyfob's absence is reported wrongly")
    }
}

/// The credential file of another program, in each format that keyfob imports.
func fuzzMoving(_ bytes: [UInt8]) throws {
    var findings = Findings()
    PlaintextStore.read(bytes, file: "f", &findings)
    let lines = bytes.count { $0 == 0x0A } + 1
    try require(findings.credentials.count + findings.problems.count <= lines, "more than one finding for a line")
    DockerLogins.read(
        bytes, file: "f",
        registry: { name in
            let url = name.contains("://") ? name : "https://" + name
            return try? LineDialect().decode(Array("url=\(url)\n".utf8), for: .get)
        }, &findings)
    let read = GitHubHosts(bytes)
    let named = read.hosts.flatMap(\.users).map(\.line) + read.oddLines
    try require(named.allSatisfy((1...lines).contains), "a line number outside the file")
    for found in findings.credentials {
        let request = found.request
        let secret = request.password?.exposedBytes ?? []
        try require(
            !secret.isEmpty && !secret.contains(where: AttributeLines.isControl),
            "an empty password, or one with control characters")
        try require(
            request.username?.utf8.contains(where: AttributeLines.isControl) == false,
            "a user name with control characters")
        try require(found.place.line.map { (1...lines).contains($0) } != false, "a line number outside the file")
    }
}
