import Addresses
package import OAuth
import Secrets

extension Account {
    /// The metadata of the account's authorization server, as the server published or the user configured them.
    ///
    /// A forge of the user's own may run below the path of the service. Then its metadata are there, and the origin has none
    /// of such a forge.
    ///
    /// - Parameter note: receives what discovery ignores.
    /// - Throws: `OAuthError`.
    package func serverMetadata(
        over transport: any HTTPTransport, note: @escaping @Sendable (DiscoveryRemark) -> Void = { _ in }
    ) async throws(OAuthError) -> AuthorizationServerMetadata {
        switch server {
        case .endpoints(let metadata): return metadata
        case .issuer(let issuer, _, _):
            let discovery = Discovery(transport: transport, note: note)
            guard let forge = provider, forge.mayRunBelow(service), server == forge.server(for: service)
            else { return try await discovery.metadata(issuer: issuer, pkce: pkce) }
            do {
                let metadata = try await discovery.metadata(issuer: issuer, pkce: pkce)
                if forge.isTypical(metadata) { return metadata }
                return await forge.metadata(below: service.description, discovery) ?? metadata
            } catch {
                guard case .metadataNotFound = error else { throw error }
                if let metadata = await forge.metadata(below: service.description, discovery) { return metadata }
                throw error
            }
        }
    }
}

extension KnownHost {
    /// Whether the program may run below the path of `service`, which only its metadata can tell.
    fileprivate func mayRunBelow(_ service: ServiceURL) -> Bool {
        authority == nil && tokenPath != nil && !service.pathSegments.isEmpty
    }

    /// Whether metadata are those of this program: its token endpoint is where the program has it, below the issuer. So a
    /// document below a path cannot name an endpoint elsewhere.
    func isTypical(_ metadata: AuthorizationServerMetadata) -> Bool {
        guard let tokenPath, let issuer = metadata.issuer else { return false }
        let base = issuer.ends(with: "/") ? String(issuer.dropLast()) : issuer
        return metadata.tokenEndpoint.string.isSame(as: base + tokenPath)
            && metadata.authorizationEndpoint.string.begins(with: base + "/")
            && (metadataScope.map { metadata.scopesSupported?.contains($0) == true } ?? true)
    }

    /// The metadata of this program at exactly `base`; nil if it is not there.
    fileprivate func metadata(below base: String, _ discovery: Discovery) async -> AuthorizationServerMetadata? {
        guard let metadata = await discovery.published(at: base, wanting: metadataScope), isTypical(metadata) else {
            return nil
        }
        return metadata
    }
}

extension Discovery {
    /// The metadata of the forge at `base`, whose issuer ends with a slash in some releases; nil if there are none.
    func published(at base: String, wanting scope: String? = nil) async -> AuthorizationServerMetadata? {
        do {
            return try await metadata(issuer: base, pkce: .assumed, wanting: scope)
        } catch {
            guard case .issuerMismatch(_, let found)? = error.explanation, found.isSame(as: base + "/") else {
                return nil
            }
            return try? await metadata(issuer: base + "/", pkce: .assumed, wanting: scope)
        }
    }
}
