package import Addresses
package import OAuth

extension Configuration {
    /// Facts about one service before a sign-in: one `[host."URL"]` of a file, or the result of discovery.
    ///
    /// nil means that nothing sets the key. Several entries for one service complete one another, and ``KnownHosts``
    /// has the rest. `HostKeys.swift` documents each key.
    package struct Host: ConfigurationSection, Equatable {
        package var service: ServiceURL
        package var issuer: String?
        package var authorizationEndpoint: EndpointURL?
        package var tokenEndpoint: EndpointURL?
        package var deviceAuthorizationEndpoint: EndpointURL?
        package var revocationEndpoint: EndpointURL?
        package var reach: Reach?
        package var endpointHosts: [String]?
        package var clientID: String?
        package var clientAuthentication: ClientAuthentication?
        package var provider: String?
        package var redirect: RedirectTemplate?
        package var pkce: PKCEPolicy?
        package var scopes: [String]?
        package var offlineAccess: Bool?
        package var flow: Account.Flow?
        package var resource: Resource?
        package var resourceParameter: ResourceParameter?
        package var username: String?
        package var mail: [String]?
        package var account: String?
        package var certificateAuthorityFile: String?
        package var sources: [String: Source] = [:]

        package init(service: ServiceURL) {
            self.service = service
        }
    }

    /// The place of a key in a file.
    package struct Source: Sendable, Equatable {
        package let file: String
        let path: [String]

        /// The line, counted from 1; nil if the file has changed since. It reads the file again.
        package var line: Int? {
            guard let text = try? Configuration.read(file) else { return nil }
            return TOMLConfiguration(text, file: file).line(of: path)
        }
    }

    /// How near a server may be if the service, and not the user, has named it: `reach = "service"` or `"private"`.
    package enum Reach: String, Sendable, CaseIterable {
        /// Not nearer to this machine than the service is.
        case service
        /// Also in a private network, as the user has agreed.
        case privateNetworks = "private"
    }

    /// The name of the parameter that names the resource of a token: `resource_parameter = "resource"` or `"audience"`.
    package enum ResourceParameter: String, Sendable, CaseIterable {
        /// RFC 8707, in each request of a sign-in and in each refresh.
        case resource
        /// Only in the authorization request, as the servers of Auth0 had it before there was a standard.
        case audience
    }

    /// `resource = "URI"`, or `resource = false`: none, even if the service or a lower layer names one.
    package enum Resource: Sendable, Equatable {
        case uri(String)
        case none

        package var uri: String? {
            if case .uri(let uri) = self { uri } else { nil }
        }
    }
}

extension Configuration.Host {
    /// The authorization server; nil if the entry names none. ``KnownHosts`` or discovery has it then.
    package var server: Account.ServerLocation? {
        if authorizationEndpoint == nil, let deviceAuthorizationEndpoint, let tokenEndpoint {
            return .endpoints(
                AuthorizationServerMetadata(
                    issuer: issuer, deviceAuthorizationEndpoint: deviceAuthorizationEndpoint,
                    tokenEndpoint: tokenEndpoint, revocationEndpoint: revocationEndpoint))
        }
        guard let authorizationEndpoint, let tokenEndpoint else {
            return issuer.map { .issuer($0, device: deviceAuthorizationEndpoint, revocation: revocationEndpoint) }
        }
        return .endpoints(
            AuthorizationServerMetadata(
                issuer: issuer, authorizationEndpoint: authorizationEndpoint, tokenEndpoint: tokenEndpoint,
                deviceAuthorizationEndpoint: deviceAuthorizationEndpoint, revocationEndpoint: revocationEndpoint,
                codeChallengeMethodsSupported: ["S256"]))
    }

    /// The key without which the others of the entry have no meaning; nil if none is missing.
    var missingKey: String? {
        switch (authorizationEndpoint, tokenEndpoint) {
        case (nil, nil):
            let isPart = deviceAuthorizationEndpoint != nil || revocationEndpoint != nil
            return isPart && issuer == nil ? "issuer" : nil
        case (nil, _): return deviceAuthorizationEndpoint == nil ? "authorization_endpoint" : nil
        case (_, nil): return "token_endpoint"
        // The client id may come from `keyfob login --client-id`. Without one, a sign-in says what to register.
        default: return nil
        }
    }
}
