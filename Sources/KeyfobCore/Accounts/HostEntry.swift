package import CredentialProtocol
package import OAuth

extension Configuration {
    /// What is known of one service before anybody signs in: one `[host."URL"]` of a file, or what discovery has found.
    ///
    /// Whatever is nil was not said. Several entries for one service complete one another, and ``KnownHosts`` completes
    /// what is left.
    package struct Host: Sendable, Equatable {
        package var service: ServiceURL
        /// nil: a known host's, or found from the URL when somebody signs in.
        package var server: Account.ServerLocation?
        /// How near to this machine ``server`` and its endpoints may be; nil: as near as they are.
        package var reach: Reach?
        /// Other hosts at which ``server`` may have endpoints, in lower case; with the port if it is not the scheme's own.
        package var endpointHosts: [String]?
        /// nil: keyfob is registered with the issuer, by itself or by the person.
        package var clientID: String?
        /// Which known program serves a host that is not known by its name: `gitlab`, `gitea`, ...
        package var provider: String?
        package var scopes: [String]?
        /// Whether to ask for `offline_access` as well, where the server knows it (OpenID Connect Core section 11).
        package var offlineAccess: Bool?
        package var flow: Account.Flow?
        package var redirect: RedirectTemplate?
        package var resource: Resource?
        package var resourceParameter: ResourceParameter?
        package var username: String?
        package var account: String?
        package var pkce: PKCEPolicy?
        package var certificateAuthorityFile: String?
        /// Where each key stands, by the key's name, for whoever asks why.
        package var sources: [String: Source] = [:]

        package init(service: ServiceURL) {
            self.service = service
        }
    }

    /// Where a key of a file stands.
    package struct Source: Sendable, Equatable {
        package let file: String
        let path: [String]

        /// The line, counted from 1, by another look at the file; nil where it has changed meanwhile.
        package var line: Int? {
            guard let text = try? Configuration.read(file) else { return nil }
            return TOMLConfiguration(text, file: file).line(of: path)
        }
    }

    /// Where a server may be that the service has named, and no person: `reach = "service"` or `"private"`.
    package enum Reach: String, Sendable, CaseIterable {
        /// Not nearer to this machine than the service is.
        case service
        /// Also in a private network, as a person has agreed.
        case privateNetworks = "private"
    }

    /// The name of the parameter that says for which resource a token is: `resource_parameter = "resource"` or
    /// `"audience"`.
    package enum ResourceParameter: String, Sendable, CaseIterable {
        /// RFC 8707, in each request of a sign-in and in each refresh.
        case resource
        /// Where the person is sent alone; what the servers of Auth0 had before there was a standard.
        case audience
    }

    /// `resource = "URI"`, or `false`: none, whatever else suggests one.
    package enum Resource: Sendable, Equatable {
        case uri(String)
        case none

        package var uri: String? {
            if case .uri(let uri) = self { uri } else { nil }
        }
    }
}

extension Configuration.Host {
    /// These words, and those of `other` about what they do not say.
    func completed(by other: Configuration.Host) -> Configuration.Host {
        var result = self
        result.server = server ?? other.server
        // These two say something of that server alone.
        let isSameServer = server == nil || server == other.server
        result.reach = server == nil ? reach ?? other.reach : reach
        // A host that is written down anywhere for this server was agreed to.
        let others = isSameServer ? other.endpointHosts : nil
        let known = endpointHosts ?? []
        result.endpointHosts = others.map { known + $0.filter { !known.contains($0) } } ?? endpointHosts
        result.clientID = clientID ?? other.clientID
        result.provider = provider ?? other.provider
        result.scopes = scopes ?? other.scopes
        result.offlineAccess = offlineAccess ?? other.offlineAccess
        result.flow = flow ?? other.flow
        result.redirect = redirect ?? other.redirect
        result.resource = resource ?? other.resource
        result.resourceParameter = resourceParameter ?? other.resourceParameter
        result.username = username ?? other.username
        result.account = account ?? other.account
        result.pkce = pkce ?? other.pkce
        result.certificateAuthorityFile = certificateAuthorityFile ?? other.certificateAuthorityFile
        result.sources.merge(other.sources) { mine, _ in mine }
        return result
    }
}
