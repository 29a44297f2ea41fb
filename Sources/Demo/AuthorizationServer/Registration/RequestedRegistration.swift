/// The checked client metadata of a registration request (RFC 7591 section 2), with the server's substitutions.
struct RequestedRegistration {
    var redirectURIs: [String]
    var method: ClientAuthenticationMethod
    var name: String?
    /// The metadata to register: the server may substitute values (RFC 7591 section 3.2.1).
    var metadata: [String: JSONValue]

    /// An error of RFC 7591 section 3.2.2.
    enum Refusal: Error {
        case redirectURI(String)
        case metadata(String)

        var reply: Reply {
            switch self {
            case .redirectURI(let text): .error("invalid_redirect_uri", text)
            case .metadata(let text): .error("invalid_client_metadata", text)
            }
        }
    }

    init(_ members: [String: JSONValue], _ configuration: AuthorizationServerConfiguration) throws(Refusal) {
        let rules = configuration.registration
        guard let uris = members["redirect_uris"]?.texts, !uris.isEmpty else {
            throw .redirectURI("redirect_uris is missing")
        }
        for uri in uris where !Self.isAcceptable(uri, rules) { throw .redirectURI("not a redirect URI for us") }
        let isWeb = (members["application_type"] ?? "web") == "web"
        if rules.loopbackNeedsNative, isWeb, uris.contains(where: { RedirectURIRule.withoutPort($0) != nil }) {
            throw .redirectURI("loopback is for native applications")
        }
        redirectURIs = uris
        method = try Self.method(members, configuration)
        name = members["client_name"]?.text
        var metadata = members
        metadata["token_endpoint_auth_method"] = .string(method.rawValue)
        let known = configuration.grantTypes
        let grantTypes = (members["grant_types"]?.texts ?? ["authorization_code"]).filter(known.contains)
        guard !grantTypes.isEmpty else { throw .metadata("no grant type of ours") }
        metadata["grant_types"] = .strings(grantTypes)
        self.metadata = metadata
    }

    private static func method(
        _ members: [String: JSONValue], _ configuration: AuthorizationServerConfiguration
    ) throws(Refusal) -> ClientAuthenticationMethod {
        if let substitute = configuration.registration.authenticationMethod { return substitute }
        let asked = members["token_endpoint_auth_method"]?.text ?? ClientAuthenticationMethod.basic.rawValue
        guard let method = ClientAuthenticationMethod(rawValue: asked) else {
            throw .metadata("unknown token_endpoint_auth_method")
        }
        let known = configuration.authenticationMethods
        return known.contains(method) ? method : known.first ?? method
    }

    /// https, loopback or a private scheme (RFC 8252 section 7), no fragment (RFC 6749 section 3.1.2).
    private static func isAcceptable(_ uri: String, _ rules: RegistrationRules) -> Bool {
        guard let colon = uri.firstIndex(of: ":"), !uri.contains("#") else { return false }
        let rest = uri[colon...]
        guard rest.hasPrefix("://") else { return uri[..<colon].contains(".") }
        let host = rest.dropFirst(3).prefix { $0 != "/" && $0 != ":" && $0 != "?" }
        guard !rules.refusedRedirectHosts.contains(String(host)) else { return false }
        return uri.hasPrefix("https://") || RedirectURIRule.withoutPort(uri) != nil
    }
}
