import Addresses

/// The metadata of a protected resource (RFC 9728 section 2), which name the authorization servers that may issue
/// tokens for it.
package struct ProtectedResourceMetadata: Sendable, Equatable {
    /// The value to send as `resource` (RFC 8707), as the document writes it: the requested URL or a prefix of it.
    package var resource: String
    /// Issuers as the document writes them, in its order; never empty in the results of ``ResourceDiscovery``. They are
    /// not verified: the caller checks an issuer by the rules for issuers, and against the one that the resource is pinned to.
    package var authorizationServers: [String]
    /// nil if absent, or if no listed scope is valid. The request then names no scopes.
    package var scopesSupported: [String]?
    /// nil if absent. If present, it contains `header`; ``checkUsable()`` enforces that.
    package var bearerMethodsSupported: [String]?
    /// Always false in the results of ``ResourceDiscovery``.
    package var dpopBoundAccessTokensRequired: Bool
}

extension ProtectedResourceMetadata {
    /// Reads a document that was fetched for `requested`. Ignores `signed_metadata`, which a client may do (RFC 9728
    /// section 2.2).
    ///
    /// - Throws: `missingEndpoint` if there is no `resource`, `resourceMismatch` if it is another resource, `malformed`
    ///   for a member of the wrong type.
    init(_ document: JSONObject, of requested: EndpointURL) throws(OAuthError) {
        let resource: String?
        do throws(JSONObject.ParsingError) {
            resource = try Self.resource(in: document)
            authorizationServers = try Self.servers(in: document)
            scopesSupported = Self.scopes((try? document.list("scopes_supported")) ?? nil)
            bearerMethodsSupported = try document.list("bearer_methods_supported")
            dpopBoundAccessTokensRequired = try document.flag("dpop_bound_access_tokens_required") ?? false
        } catch {
            throw OAuthError(error, host: requested.host)
        }
        guard let resource else { throw .missingEndpoint(member: "resource") }
        guard ResourceIdentifier(url: requested).isCovered(by: resource)
        else {
            throw .resourceMismatch(
                requested: requested.string, found: ServerText.printable(resource),
                server: authorizationServers.first { (try? EndpointURL($0)) != nil })
        }
        self.resource = resource
    }

    /// Checks that keyfob can send a token that the resource accepts: only in the `Authorization` field (RFC 6750
    /// section 2.1), and not bound to a key.
    ///
    /// - Throws: `proofOfPossessionRequired` or `bearerHeaderUnsupported` otherwise.
    func checkUsable() throws(OAuthError) {
        if dpopBoundAccessTokensRequired { throw .proofOfPossessionRequired(resource: ServerText.printable(resource)) }
        if let bearerMethodsSupported, !bearerMethodsSupported.contains("header") {
            throw .bearerHeaderUnsupported(resource: ServerText.printable(resource))
        }
    }

    /// The issuers: the texts of the list. A list without any text is broken, and not the same as none.
    private static func servers(in document: JSONObject) throws(JSONObject.ParsingError) -> [String] {
        let texts = try document.list("authorization_servers") ?? []
        return texts.isEmpty ? try document.texts("authorization_servers") ?? [] : texts
    }

    /// The resource. Some servers write a list with one element.
    private static func resource(in document: JSONObject) throws(JSONObject.ParsingError) -> String? {
        guard let list = try? document.strings("resource") else { return try document.string("resource") }
        guard list.count == 1 else { throw .type(member: "resource") }
        return list[0]
    }

    /// Keeps only valid scopes (RFC 6749 section 3.3): a scope that contains a space would request two scopes.
    private static func scopes(_ listed: [String]?) -> [String]? {
        let scopes = (listed ?? []).filter { scope in
            !scope.isEmpty && scope.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }
        }
        return scopes.isEmpty ? nil : scopes
    }
}
