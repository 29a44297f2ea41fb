import Addresses
import OAuth
import Secrets

/// Values that many tests use.
enum Examples {
    static let issuer = "https://login.example.com"

    static func url(_ text: String) throws -> EndpointURL { try EndpointURL(text) }

    /// Metadata of an honest server.
    static func metadata(
        issuer: String? = Examples.issuer, advertisesIssuer: Bool = false, methods: [String]? = ["S256"],
        authorizationEndpoint: String = "https://login.example.com/authorize"
    ) throws -> AuthorizationServerMetadata {
        AuthorizationServerMetadata(
            issuer: issuer, authorizationEndpoint: try url(authorizationEndpoint),
            tokenEndpoint: try url("https://login.example.com/token"), codeChallengeMethodsSupported: methods,
            authorizationResponseIssParameterSupported: advertisesIssuer)
    }

    /// The same as a document. `changes` replaces or adds members, each a piece of JSON.
    static func document(
        issuer: String = Examples.issuer, _ changes: [String: String] = [:], without removed: String? = nil
    ) -> String {
        var members: [String: String] = [
            "issuer": "\"\(issuer)\"", "authorization_endpoint": "\"https://login.example.com/authorize\"",
            "token_endpoint": "\"https://login.example.com/token\"",
            "code_challenge_methods_supported": "[\"S256\"]",
        ]
        for (name, value) in changes { members[name] = value }
        if let removed { members[removed] = nil }
        return "{" + members.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
    }
}
