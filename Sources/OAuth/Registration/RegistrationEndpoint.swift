import Secrets

/// Registers us at an authorization server (RFC 7591). Every call makes a client at the server: who calls keeps what
/// comes back, one for each issuer.
package struct RegistrationEndpoint: Sendable {
    private let url: EndpointURL
    private let transport: any HTTPTransport

    package init(url: EndpointURL, transport: any HTTPTransport) {
        (self.url, self.transport) = (url, transport)
    }

    /// Registers a client for `issuer`.
    ///
    /// A server that refuses our redirect URI is asked again with others (``ClientMetadata/alternatives(isLabelNeeded:)``);
    /// the redirect URIs of the result are those in force.
    ///
    /// - Parameter isLabelNeeded: whether the redirect URI keeps its label (``RedirectTemplate/loopback(labelled:)``).
    ///
    /// Throws `refused` with the server's `invalid_redirect_uri` or `invalid_client_metadata` (RFC 7591 section 3.2.2),
    /// `registrationClosed` if not everybody may register, `redirectChanged`, `unsupportedClientAuthentication`, and what a
    /// transport throws.
    package func register(
        _ metadata: ClientMetadata, issuer: String, isLabelNeeded: Bool = false
    ) async throws(OAuthError) -> ClientRegistration {
        let choices = [metadata] + metadata.alternatives(isLabelNeeded: isLabelNeeded)
        var refusal = OAuthError.invalidEndpoint(member: "redirect_uris")
        for (index, choice) in choices.enumerated() {
            do {
                return try await send(choice, issuer: issuer)
            } catch {
                guard Self.isWorthAnother(error, among: choices[(index + 1)...]) else { throw error }
                refusal = error
            }
        }
        throw refusal
    }

    /// Whether the server minds the redirect URI alone, and could take one of the others.
    private static func isWorthAnother(_ error: OAuthError, among others: ArraySlice<ClientMetadata>) -> Bool {
        switch error {
        case .refused(_, _, "invalid_redirect_uri", _): true
        case .redirectChanged(_, _, let given):
            others.contains { other in
                other.redirectURIs.contains { uri in given.contains { RegistrationAnswer.isSame($0, uri) } }
            }
        default: false
        }
    }

    /// Registers, and deletes again what cannot be used.
    private func send(_ metadata: ClientMetadata, issuer: String) async throws(OAuthError) -> ClientRegistration {
        let request = HTTPRequest(.post, json: try metadata.encoded(), to: url)
        let response = try await transport.send(request)
        let answer = RegistrationAnswer(metadata: metadata, issuer: issuer, url: url)
        do {
            return try answer.registration(response)
        } catch {
            if case .redirectChanged = error, let made = answer.deletable(response) {
                _ = try? await RegistrationManagement(transport: transport).delete(made)
            }
            throw error
        }
    }
}
