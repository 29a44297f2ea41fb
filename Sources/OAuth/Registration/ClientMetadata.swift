import FoundationEssentials
import Secrets

/// The client metadata that keyfob sends to register itself (RFC 7591 section 2).
package struct ClientMetadata: Sendable, Equatable {
    /// The loopback addresses to which the browser returns, with ports.
    package var redirectURIs: [String]
    /// The scopes that keyfob will request; empty leaves them to the server.
    package var scopes: [String]
    /// `none`, unless the server does not support that: a program on a user's machine is a public client (RFC 8252
    /// section 8.4).
    package var tokenEndpointAuthMethod: ClientAuthentication
    /// Without `refresh_token`, some servers issue no refresh token.
    package var grantTypes: [String]
    /// How many members are sent.
    var extent = Extent.all

    /// The members of a registration request.
    enum Extent: CaseIterable {
        /// All that describe keyfob.
        case all
        /// Without scope, kind and origin of the client.
        case necessary
        /// The redirect URIs and the name. The server then chooses the rest (RFC 7591 section 2).
        case least
    }

    package init(
        redirectURIs: [String], scopes: [String] = [], tokenEndpointAuthMethod: ClientAuthentication = .none,
        grantTypes: [String] = Self.browserGrantTypes
    ) {
        (self.redirectURIs, self.scopes) = (redirectURIs, scopes)
        (self.tokenEndpointAuthMethod, self.grantTypes) = (tokenEndpointAuthMethod, grantTypes)
    }

    /// For a login in a browser.
    package static let browserGrantTypes = ["authorization_code", "refresh_token"]
    /// Needed in addition for a login on another device (RFC 8628 section 3.4).
    package static let deviceGrantType = "urn:ietf:params:oauth:grant-type:device_code"
    /// The name that the server shows when it asks users for consent.
    static let clientName = "keyfob"
    /// The same for every copy and every version (RFC 7591 section 2).
    package static let softwareID = "org.keyfob"
}

extension ClientMetadata {
    /// The body of a registration request.
    func encoded() throws(OAuthError) -> Secret {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // The encoder cannot fail for strings, so its error needs no case of its own.
        guard let data = try? encoder.encode(Representation(metadata: self)) else {
            throw .invalidEndpoint(member: "redirect_uris")
        }
        return Secret(data)
    }

    private struct Representation: Encodable {
        let metadata: ClientMetadata

        enum CodingKeys: String, CodingKey {
            case redirectURIs = "redirect_uris", scope, authMethod = "token_endpoint_auth_method"
            case grantTypes = "grant_types", responseTypes = "response_types", clientName = "client_name"
            case applicationType = "application_type", softwareID = "software_id"
        }

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: CodingKeys.self)
            try members.encode(metadata.redirectURIs, forKey: .redirectURIs)
            try members.encode(ClientMetadata.clientName, forKey: .clientName)
            if metadata.extent == .least { return }
            try members.encode(metadata.grantTypes, forKey: .grantTypes)
            try members.encode(["code"], forKey: .responseTypes)
            try members.encode(metadata.tokenEndpointAuthMethod.rawValue, forKey: .authMethod)
            if metadata.extent == .necessary { return }
            // Servers refuse loopback redirect URIs for web clients (OpenID Connect Registration 1.0 section 2).
            try members.encode("native", forKey: .applicationType)
            if !metadata.scopes.isEmpty { try members.encode(metadata.scopes.joined(separator: " "), forKey: .scope) }
            try members.encode(ClientMetadata.softwareID, forKey: .softwareID)
        }
    }

    /// The metadata to try next if a server refuses these redirect URIs, in order of preference: with `localhost` for
    /// 127.0.0.1, then both forms without the issuer's label.
    ///
    /// - Parameter isLabelNeeded: leaves out the forms without the label.
    func alternatives(isLabelNeeded: Bool) -> [ClientMetadata] {
        let plain = isLabelNeeded ? redirectURIs : redirectURIs.map(Self.withoutLabel)
        let choices = [redirectURIs.map(Self.withLocalhost), plain, plain.map(Self.withLocalhost)]
        var seen = [redirectURIs]
        return choices.compactMap { uris in
            guard !seen.contains(uris) else { return nil }
            seen.append(uris)
            var changed = self
            changed.redirectURIs = uris
            return changed
        }
    }

    /// These metadata with another extent.
    func with(_ extent: Extent) -> ClientMetadata {
        var changed = self
        changed.extent = extent
        return changed
    }

    private static func withLocalhost(_ uri: String) -> String {
        let prefix = "http://127.0.0.1"
        return uri.hasPrefix(prefix) ? "http://localhost" + uri.dropFirst(prefix.count) : uri
    }

    private static func withoutLabel(_ uri: String) -> String {
        (try? RedirectTemplate(uri)).map { $0.withoutLabel.uri(port: nil) } ?? uri
    }
}

extension ClientAuthentication {
    /// The authentication method to request. `none` if the server supports it (`token_endpoint_auth_methods_supported`)
    /// or does not say.
    package static func preferred(among supported: [String]?) -> ClientAuthentication {
        guard let supported else { return .none }
        return [ClientAuthentication.none, .basic, .post].first { supported.contains($0.rawValue) } ?? .none
    }
}

extension Client {
    /// This client with an authentication method that the server supports. Used for a client that the user registered;
    /// without a secret it is unchanged. A server that names no methods supports `client_secret_basic` (RFC 8414
    /// section 2).
    package func proving(at metadata: AuthorizationServerMetadata) -> Client {
        guard secret != nil else { return self }
        let supported = metadata.tokenEndpointAuthMethodsSupported ?? []
        var client = self
        client.authentication = [.basic, .post].first { supported.contains($0.rawValue) } ?? authentication
        return client
    }
}
