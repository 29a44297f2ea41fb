/// What a protected resource says of itself (RFC 9728 section 2): which authorization servers may give tokens for it.
package struct ProtectedResourceMetadata: Sendable, Equatable {
    /// The value to send as `resource` (RFC 8707), as the document writes it: the URL asked about, or a prefix of it.
    package var resource: String
    /// Issuers, as the document writes them, in its order; empty where it names none. A proposal: whoever uses one checks
    /// it as an issuer, and against the one that the resource is pinned to.
    package var authorizationServers: [String]
    /// nil where absent or empty: then scopes are left out of the request.
    package var scopesSupported: [String]?
    /// nil where absent; where it is there, it holds `header`.
    package var bearerMethodsSupported: [String]?
    /// Always false in what ``ResourceDiscovery`` gives out.
    package var dpopBoundAccessTokensRequired: Bool

    package init(
        resource: String, authorizationServers: [String], scopesSupported: [String]? = nil,
        bearerMethodsSupported: [String]? = nil, dpopBoundAccessTokensRequired: Bool = false
    ) {
        (self.resource, self.authorizationServers) = (resource, authorizationServers)
        (self.scopesSupported, self.bearerMethodsSupported) = (scopesSupported, bearerMethodsSupported)
        self.dpopBoundAccessTokensRequired = dpopBoundAccessTokensRequired
    }
}

extension ProtectedResourceMetadata {
    /// Reads a document that was fetched for `requested`. `signed_metadata` is not looked at, neither to believe it nor
    /// to refuse it (RFC 9728 section 2.2 leaves that to the client).
    ///
    /// Throws `missingEndpoint` without a `resource`, `resourceMismatch` where it is another one's, `malformed` by member.
    init(_ document: JSONObject, of requested: EndpointURL) throws(OAuthError) {
        let resource: String?
        do throws(JSONObject.ParsingError) {
            resource = try Self.resource(in: document)
            authorizationServers = try document.strings("authorization_servers") ?? []
            scopesSupported = Self.scopes(try document.strings("scopes_supported"))
            bearerMethodsSupported = try document.strings("bearer_methods_supported")
            dpopBoundAccessTokensRequired = try document.bool("dpop_bound_access_tokens_required") ?? false
        } catch {
            throw OAuthError(error, host: requested.host)
        }
        guard let resource else { throw .missingEndpoint(member: "resource") }
        guard ResourceIdentifier(url: requested).isCovered(by: resource)
        else { throw .resourceMismatch(requested: requested.string, found: ServerText.printable(resource)) }
        self.resource = resource
    }

    /// Throws where the resource takes no token that we can get: we send it in the `Authorization` field alone
    /// (RFC 6750 section 2.1), and bound to no key.
    func checkUsable() throws(OAuthError) {
        if dpopBoundAccessTokensRequired { throw .proofOfPossessionRequired(resource: ServerText.printable(resource)) }
        if let bearerMethodsSupported, !bearerMethodsSupported.contains("header") {
            throw .bearerHeaderUnsupported(resource: ServerText.printable(resource))
        }
    }

    /// The resource; servers are known that write a list of one.
    private static func resource(in document: JSONObject) throws(JSONObject.ParsingError) -> String? {
        guard let list = try? document.strings("resource") else { return try document.string("resource") }
        guard list.count == 1 else { throw .type(member: "resource") }
        return list[0]
    }

    /// Scopes of the grammar alone (RFC 6749 section 3.3): a space in one would ask for two.
    private static func scopes(_ listed: [String]?) -> [String]? {
        let scopes = (listed ?? []).filter { scope in
            !scope.isEmpty && scope.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }
        }
        return scopes.isEmpty ? nil : scopes
    }
}
