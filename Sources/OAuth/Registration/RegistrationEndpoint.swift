package import Addresses
import Secrets

/// Registers keyfob at an authorization server (RFC 7591). Every call creates a client there, so the caller must store
/// the result, one for each issuer.
package struct RegistrationEndpoint: Sendable {
    private let url: EndpointURL
    private let transport: any HTTPTransport

    package init(url: EndpointURL, transport: any HTTPTransport) {
        (self.url, self.transport) = (url, transport)
    }

    /// Registers a client for `issuer`.
    ///
    /// If the server refuses our redirect URI, this tries others (``ClientMetadata/alternatives(isLabelNeeded:)``). If it
    /// refuses other metadata, this tries again with fewer members (``ClientMetadata/Extent``): some servers know only the
    /// necessary ones, do not let clients choose their scope, or want another authentication method. The result has the redirect
    /// URIs that the server registered.
    ///
    /// - Parameter isLabelNeeded: whether the redirect URI must keep its label
    ///   (``RedirectTemplate/loopback(labelled:)``).
    /// - Throws: `refused` with `invalid_redirect_uri` or `invalid_client_metadata` (RFC 7591 section 3.2.2),
    ///   `registrationClosed` if the server does not accept new registrations, `redirectChanged`,
    ///   `unsupportedClientAuthentication`, and errors of the transport.
    package func register(
        _ metadata: ClientMetadata, issuer: String, isLabelNeeded: Bool = false
    ) async throws(OAuthError) -> ClientRegistration {
        let choices = [metadata] + metadata.alternatives(isLabelNeeded: isLabelNeeded)
        var first: OAuthError?
        for extent in ClientMetadata.Extent.allCases {
            do {
                return try await register(anyOf: choices.map { $0.with(extent) }, issuer: issuer)
            } catch {
                // The first refusal is about the complete request, unless a later one made a client.
                guard error.mayConcernMembers else { throw error.unusableMember == nil ? first ?? error : error }
                first = first ?? error
            }
        }
        throw first ?? .invalidEndpoint(member: "registration_endpoint")
    }

    private func register(
        anyOf choices: [ClientMetadata], issuer: String
    ) async throws(OAuthError) -> ClientRegistration {
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

    /// Whether the server refused only the redirect URI, and one of `others` could be accepted.
    private static func isWorthAnother(_ error: OAuthError, among others: ArraySlice<ClientMetadata>) -> Bool {
        switch error {
        case .refused(_, _, "invalid_redirect_uri", _): true
        // Some servers have one error for all members.
        case .refused(_, _, "invalid_client_metadata", let words?): words.asciiLowercased.holds(text: "redirect")
        case .redirectChanged(_, _, let given):
            others.contains { other in
                other.redirectURIs.contains { uri in given.contains { RegistrationAnswer.isSame($0, uri) } }
            }
        default: false
        }
    }

    /// Registers. Deletes the new registration if keyfob cannot use it.
    private func send(_ metadata: ClientMetadata, issuer: String) async throws(OAuthError) -> ClientRegistration {
        let request = HTTPRequest(.post, json: try metadata.encoded(), to: url)
        let response = try await transport.send(request)
        let answer = RegistrationAnswer(metadata: metadata, issuer: issuer, url: url)
        do {
            return try answer.registration(response)
        } catch {
            if let made = answer.deletable(response) {
                _ = try? await RegistrationManagement(transport: transport).delete(made)
            }
            // Another request would make another client.
            if error.mayConcernMembers, answer.hasClient(response) {
                throw .malformed(host: url.host, member: "client_id")
            }
            throw error
        }
    }
}

extension OAuthError {
    /// Whether a registration may have been refused because of a member that the server can do without.
    fileprivate var mayConcernMembers: Bool {
        switch self {
        case .refused(_, _, let error, _): !["invalid_redirect_uri", "access_denied"].contains(error)
        case .registrationClosed(_, let status): [400, 422].contains(status)
        default: false
        }
    }
}
