import Secrets

/// The clients that registered themselves, each under its id.
struct RegistrationTable: Sendable {
    struct Registration: Sendable {
        var client: RegisteredClient
        /// The current client metadata (RFC 7591 section 2).
        var metadata: [String: JSONValue]
        var issued: Int64
        /// The digest of the token for the client configuration endpoint (RFC 7592 section 3).
        var accessToken: TokenDigest?
    }

    var registrations: [String: Registration] = [:]
}

extension ServerState {
    /// The client with this id, from the configuration or registered by itself.
    func client(_ id: String) -> RegisteredClient? {
        configuration.clients.first { $0.id == id } ?? registrations.registrations[id]?.client
    }

    /// Deletes a registration and revokes the client's grants (RFC 7592 section 2.3).
    mutating func forgetClient(_ id: String) {
        registrations.registrations[id] = nil
        for (number, grant) in grants.grants.enumerated() where grant.clientID == id { grants.kill(grant: number) }
    }
}
