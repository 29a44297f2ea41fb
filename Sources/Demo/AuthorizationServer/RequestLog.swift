/// One request that the server answered; it holds only fingerprints of secrets.
package struct LoggedRequest: Sendable, Equatable, CustomStringConvertible {
    package var method: String
    /// The path without the query.
    package var path: String
    /// The parameters of the query and of the body that are not secret, by name.
    package var fields: [String: String]
    /// The names of all parameters, in the order in which they came.
    package var names: [String]
    /// The members of a JSON body, but for the client's secret.
    package var json: [String: JSONValue]?
    /// The values of every `resource` parameter (RFC 8707 section 2).
    package var resources: [String]
    /// Whether an `Authorization` field came, and of which scheme.
    package var authorizationScheme: String?
    /// The fingerprint of the code or token that was sent, see ``TokenDigest/fingerprint``.
    package var presented: String?
    package var status: Int
    /// The error code that was given back.
    package var error: String?
    /// The fingerprint of the refresh token that was issued.
    package var issuedRefreshToken: String?

    /// The parameters whose values may be seen.
    static let visible: Set<String> = [
        "response_type", "response_mode", "client_id", "redirect_uri", "scope", "code_challenge_method", "resource",
        "grant_type", "token_type_hint", "login_hint", "prompt", "decision", "error",
    ]

    init(_ request: IncomingRequest, _ reply: Reply) {
        let pairs = request.query.pairs + request.form.pairs
        method = request.method
        path = request.path
        fields = Dictionary(pairs.filter { Self.visible.contains($0.name) }.map { ($0.name, $0.value) }) { $1 }
        names = pairs.map(\.name)
        json = request.json?.filter { $0.key != "client_secret" }
        resources = request.query.all("resource") + request.form.all("resource")
        authorizationScheme = request.authorization?.split(separator: " ").first.map(String.init)
        let secret = pairs.first { ["refresh_token", "token", "code"].contains($0.name) }
        presented = secret.map { TokenDigest($0.value).fingerprint }
        status = reply.status
        error = reply.error
        issuedRefreshToken = reply.issuedRefreshToken
    }

    package var description: String {
        var line = "\(method) \(path) \(status)"
        for name in ["grant_type", "token_type_hint"] { line += fields[name].map { " \(name)=\($0)" } ?? "" }
        line += presented.map { " presented=\($0)" } ?? ""
        line += issuedRefreshToken.map { " issued_refresh_token=\($0)" } ?? ""
        line += error.map { " error=\($0)" } ?? ""
        return line
    }
}
