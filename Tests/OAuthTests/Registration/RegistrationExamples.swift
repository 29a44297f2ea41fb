import Secrets
import TestSupport

@testable import OAuth

/// Values for tests of registrations.
enum Registrations {
    static let address = "https://login.example.com/register"
    static let redirectURI = "http://127.0.0.1:4711/callback"
    static let asked = ClientMetadata(redirectURIs: [redirectURI], scopes: ["read", "write"])

    /// A valid answer. `changes` replaces or adds members, each a piece of JSON.
    static func answer(
        _ changes: [String: String] = [:], without removed: String? = nil, status: Int = 201
    ) -> ScriptedTransport.Answer {
        var members = [
            "client_id": "\"c-1\"", "client_id_issued_at": "1700000000",
            "redirect_uris": "[\"\(redirectURI)\"]", "token_endpoint_auth_method": "\"none\"",
        ]
        for (name, value) in changes { members[name] = value }
        if let removed { members[removed] = nil }
        return .json("{" + members.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}", status: status)
    }

    /// The result of the valid answer.
    static func made(_ change: (inout ClientRegistration) throws -> Void = { _ in }) throws -> ClientRegistration {
        var registration = ClientRegistration(
            issuer: Examples.issuer, client: Client(id: "c-1"), redirectURIs: [redirectURI])
        try change(&registration)
        return registration
    }
}
