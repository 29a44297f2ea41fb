import Addresses
import Secrets

@testable import OAuth

/// Metadata of an authorization server. The first byte chooses the issuer.
func fuzzMetadata(_ bytes: [UInt8]) throws {
    let issuers = ["https://login.example.com", "https://login.example.com/t1", "http://127.0.0.1:8080"]
    let issuer = issuers[Int(bytes.first ?? 0) % issuers.count]
    let document = Array(bytes.dropFirst())
    let first = outcome { () throws(OAuthError) in
        try AuthorizationServerMetadata.decode(document, issuer: issuer)
    }
    let second = outcome { () throws(OAuthError) in
        try AuthorizationServerMetadata.decode(document, issuer: issuer)
    }
    try require(first == second, "one document has two readings")
    switch first {
    case .failure(let error): try requirePlain(error)
    case .success(let metadata):
        try require([issuer, issuer + "/"].contains(metadata.issuer), "another issuer's metadata")
        let endpoints = [
            metadata.authorizationEndpoint, metadata.tokenEndpoint, metadata.deviceAuthorizationEndpoint,
            metadata.revocationEndpoint, metadata.registrationEndpoint, metadata.pushedAuthorizationRequestEndpoint,
        ].compactMap { $0 }
        let isNear = issuer.contains("127.0.0.1")
        try require(endpoints.allSatisfy { $0.scheme == "https" || isNear }, "an endpoint without TLS")
        try require(endpoints.allSatisfy { !$0.isLoopback || isNear }, "an endpoint on loopback")
        try requireAddress(metadata)
    }
}

/// Checks the address that keyfob opens in a browser: it is the server's endpoint, with each parameter once.
private func requireAddress(_ metadata: AuthorizationServerMetadata) throws {
    let login = AuthorizationParameters(
        metadata: metadata, client: Client(id: "us & them"), scopes: ["read", "write"], resource: "https://r.example/")
    let request = AuthorizationRequest(
        login, redirectURI: "http://127.0.0.1:4321/callback", state: "right", challenge: "challenge", nonce: "n")
    let address = outcome { () throws(EndpointURL.ParsingError) in try EndpointURL(request.address) }
    guard case .success(let url) = address else { throw Violation(description: "no address: \(request.address)") }
    let endpoint = metadata.authorizationEndpoint
    try require(url.origin == endpoint.origin && url.path == endpoint.path, "another endpoint: \(url)")
    let ours = [
        "response_type": "code", "client_id": "us & them", "redirect_uri": "http://127.0.0.1:4321/callback",
        "scope": "read write", "state": "right", "code_challenge": "challenge", "code_challenge_method": "S256",
        "resource": "https://r.example/", "nonce": "n",
    ]
    let pairs = (url.query ?? "").split(separator: "&").map { pair in
        pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    }
    for (name, value) in ours {
        let found = pairs.filter { FormEncoding.decode(String($0[0]))?.first?.name == name }
        try require(found.count == 1, "\(name) occurs \(found.count) times: \(url)")
        let read = FormEncoding.decode("v=" + (found[0].count > 1 ? found[0][1] : ""))?.first?.value
        try require(read == value, "\(name) is \(read ?? "nothing")")
    }
}

/// Metadata of a protected resource. The first byte chooses the resource.
func fuzzResource(_ bytes: [UInt8]) throws {
    let resources = ["https://mcp.example.com", "https://mcp.example.com/a/b", "https://mcp.example.com/a?x=1"]
    let url = try EndpointURL(resources[Int(bytes.first ?? 0) % resources.count])
    let document: JSONObject
    do { document = try JSONObject(Array(bytes.dropFirst())) } catch { return try requirePlain(error) }
    let metadata: ProtectedResourceMetadata
    do { metadata = try ProtectedResourceMetadata(document, of: url) } catch { return try requirePlain(error) }
    try require(metadata.scopesSupported?.allSatisfy(isScope) != false, "an invalid scope")
    let resource = try EndpointURL(metadata.resource)
    try require(resource.origin == url.origin, "a resource on another origin")
    try require(
        url.path.hasPrefix(resource.path.hasSuffix("/") ? String(resource.path.dropLast()) : resource.path),
        "a resource that does not cover the requested URL")
    do { try metadata.checkUsable() } catch { try requirePlain(error) }
}

/// An answer of the token endpoint.
func fuzzToken(_ bytes: [UInt8]) throws {
    let read = { (response: HTTPResponse) throws(OAuthError) in try TokenResponse(response, from: host) }
    guard let token = try answer(bytes, read) else { return }
    try require(isToken(token.accessToken), "an invalid access token")
    try require(token.idToken.map(isToken) != false, "an invalid id_token")
    try require(token.refreshToken.map { $0.exposedText.map(isPlain) == true } != false, "an invalid refresh token")
    try require(token.expiresIn.map { (0...31_536_000).contains($0) } != false, "an invalid lifetime")
    try require(token.scope?.allSatisfy(isScope) != false, "an invalid scope")
}

/// An answer of the device authorization endpoint.
func fuzzDevice(_ bytes: [UInt8]) throws {
    let endpoint = try EndpointURL("https://\(host)/device")
    let read = { (response: HTTPResponse) throws(OAuthError) in try DeviceAuthorization(response, from: endpoint) }
    guard let device = try answer(bytes, read) else { return }
    try require(isPlain(device.userCode) && !device.userCode.isEmpty, "a code that cannot be shown")
    for url in [device.verificationURI, device.verificationURIComplete].compactMap({ $0 }) {
        try require(url.scheme == "https" || url.isLoopback, "an address without TLS")
    }
    try require(
        (1...31_536_000).contains(device.expiresIn) && (1...300).contains(device.interval),
        "an invalid lifetime or interval")
}

/// An answer of the registration endpoint.
func fuzzRegistration(_ bytes: [UInt8]) throws {
    let asked = ClientMetadata(redirectURIs: ["http://127.0.0.1:4321/callback"])
    let url = try EndpointURL("https://login.example.com/register")
    let read = { (response: HTTPResponse) throws(OAuthError) in
        try RegistrationAnswer(metadata: asked, issuer: "https://login.example.com", url: url).registration(response)
    }
    guard let made = try answer(bytes, read) else { return }
    try require(
        !made.client.id.isEmpty && made.client.id.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "an invalid client id"
    )
    try require(
        made.client.secret != nil || made.client.authentication == .none,
        "the secret does not fit the authentication method")
    try require(
        made.registrationClientURI.map { $0.origin == url.origin } != false, "the management URL is on another origin")
    try require(
        (made.registrationClientURI == nil) == (made.registrationAccessToken == nil),
        "only one of management URL and token")
    try require(made.redirect != nil, "a redirect URI that we cannot listen on: \(made.redirectURIs)")
    try require(made.secretExpiresAt.map { $0 > 0 } != false, "an expiry before 1970")
}

private let host = "login.example.com"

private func isToken(_ token: Secret) -> Bool { !token.isEmpty && isVisible(token.exposedBytes) }

/// The first byte chooses the status and the content type of the response.
private func answer<Value>(_ bytes: [UInt8], _ read: (HTTPResponse) throws(OAuthError) -> Value) throws -> Value? {
    let choice = Int(bytes.first ?? 0)
    let statuses = [200, 201, 400, 401, 200, 503, 302, 200]
    let types = ["application/json", "application/x-www-form-urlencoded", nil, "text/html"]
    let body = Array(bytes.dropFirst())
    let fields = types[choice >> 3 & 3].map { [(name: "Content-Type", value: $0)] } ?? []
    let response = HTTPResponse(status: statuses[choice & 7], fields: fields, body: Secret(body))
    do { return try read(response) } catch {
        try requirePlain(error)
        return nil
    }
}
