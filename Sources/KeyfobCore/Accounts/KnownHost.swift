package import Addresses
package import OAuth
import Secrets

/// Built-in facts about a kind of service: the location of its authorization server, and the settings for git.
///
/// They save the user some configuration and grant nothing: a client must still be registered, and the user still
/// decides where to sign in. The rows are in `KnownHosts.swift` and hold no client ids.
package struct KnownHost: Sendable, Equatable {
    /// The word in `provider = "..."`. One provider may have one row for its own hosts and another for self-hosted
    /// servers.
    package let provider: String
    /// The name to show: `GitHub`, `GitHub Enterprise Server`.
    package let name: String
    /// The scopes that git needs to fetch and push.
    package var scopes: [String]
    /// The user name that git must send with the token, or nil if any will do.
    package var username: String?
    /// The meaning of the user name in the service's own URLs.
    var nameSource = Account.NameSource.url
    /// The redirect URI to register and to listen on; nil for `http://127.0.0.1/callback` on any port.
    package var redirect: RedirectTemplate?
    /// `assumed` if the server understands or ignores S256 but does not always announce it; nil if it announces S256.
    package var pkce: PKCEPolicy?
    /// Further facts for the user who sets it up, one line each.
    package var quirks: [String]
    /// The kind of client that the user has to register for the simplest sign-in that works.
    package var ownClient: OwnClient

    /// The mail servers that take the token, as in the key `mail`.
    let mailServers: [String]

    /// The hosts that match without a setting: a name, or `.name` for all names below it.
    let hosts: [String]
    /// The URL below which the authorization server has its paths, or nil if that is the service's own origin.
    private(set) var authority: String?
    /// The paths below that origin.
    let shape: ServerShape
    /// The path of the token endpoint below the issuer, by which metadata show that they are this program's; nil if the
    /// program publishes none.
    let tokenPath: String?
    /// A scope that the metadata list, if the path is not enough.
    let metadataScope: String?
    /// The first segments of the program's own paths, if it may run below another path. What comes before them is that path.
    let ownSegments: [String]
    /// The page for registering clients: a path below that origin, or a full URL.
    let registration: String
    /// The URL for deleting access tokens in GitHub's API: `{origin}` stands for the service's origin, `{host}` for its
    /// host, `{client_id}` for the client. It is nil if the server revokes tokens by RFC 7009, or not at all.
    let tokenDeletion: String?
    /// The page for revoking grants, if the server does not implement RFC 7009; written like ``registration``.
    let grants: String?

    /// The description of an authorization server, with paths only.
    enum ServerShape: Sendable, Equatable {
        /// The server publishes metadata (RFC 8414, OpenID Connect Discovery 1.0) under its origin.
        case issuer(device: String? = nil)
        /// The server publishes no usable metadata.
        case endpoints(authorization: String, token: String, device: String? = nil, revocation: String? = nil)
    }

    /// The way in which the user's own client signs in.
    package enum OwnClient: Sendable {
        /// In the browser, without a secret.
        case withoutSecret
        /// With the device flow; in the browser a secret would be needed.
        case withoutSecretByDevice
        /// With the secret that the host issues for the client.
        case withSecret
    }

    init(
        provider: String, name: String, hosts: [String] = [], authority: String? = nil, shape: ServerShape,
        tokenPath: String? = nil, metadataScope: String? = nil, ownSegments: [String] = [],
        registration: String, tokenDeletion: String? = nil, grants: String? = nil,
        scopes: [String], username: String?, nameSource: Account.NameSource = .url,
        redirect: RedirectTemplate? = nil, pkce: PKCEPolicy? = nil, quirks: [String] = [],
        ownClient: OwnClient = .withoutSecret, mailServers: [String] = []
    ) {
        (self.provider, self.name, self.hosts) = (provider, name, hosts)
        (self.authority, self.shape, self.registration) = (authority, shape, registration)
        (self.tokenPath, self.metadataScope, self.ownSegments) = (tokenPath, metadataScope, ownSegments)
        (self.tokenDeletion, self.grants) = (tokenDeletion, grants)
        (self.scopes, self.username, self.nameSource) = (scopes, username, nameSource)
        (self.redirect, self.pkce) = (redirect, pkce)
        (self.quirks, self.ownClient, self.mailServers) = (quirks, ownClient, mailServers)
    }

    /// The authorization server of `service`. Returns nil if its origin cannot be an endpoint's, such as plain http off
    /// loopback.
    package func server(for service: ServiceURL) -> Account.ServerLocation? {
        let origin = base(for: service)
        guard (try? EndpointURL(origin)) != nil else { return nil }
        func endpoint(_ path: String?) -> EndpointURL? { path.flatMap { try? EndpointURL(origin + $0) } }

        switch shape {
        case .issuer(let device):
            return .issuer(origin, device: endpoint(device))
        case .endpoints(let authorization, let token, let device, let revocation):
            guard let authorization = endpoint(authorization), let token = endpoint(token) else { return nil }
            return .endpoints(
                AuthorizationServerMetadata(
                    authorizationEndpoint: authorization, tokenEndpoint: token,
                    deviceAuthorizationEndpoint: endpoint(device), revocationEndpoint: endpoint(revocation)))
        }
    }

    /// The row for a program at the address on the host of `service` that the user names as its server: it publishes no
    /// metadata, but its endpoints are below there. Otherwise the row itself.
    func placed(at server: Account.ServerLocation?, for service: ServiceURL) -> KnownHost {
        var placed = self
        if authority == nil, case .endpoints = shape, case .issuer(let address, _, _)? = server,
            (try? EndpointURL(address))?.origin == service.origin
        {
            placed.authority = address.ends(with: "/") ? String(address.dropLast()) : address
        }
        return placed
    }

    /// The URL below which the program runs; nil if that is the origin, or if the path of `service` does not show it. nil also
    /// for a program that publishes metadata: they name the URL.
    func address(for service: ServiceURL) -> String? {
        guard authority == nil, case .endpoints = shape,
            service.pathSegments.contains(where: { ownSegments.holdsSame(as: $0) })
        else { return nil }
        let base = base(for: service)
        return base.isSame(as: service.origin) ? nil : base
    }

    /// The URL below which the program has its paths.
    ///
    /// - Parameter issuer: the issuer in the metadata, if they have been read.
    private func base(for service: ServiceURL, issuer: String? = nil) -> String {
        if let authority { return authority }
        if case .issuer = shape, let issuer, (try? EndpointURL(issuer))?.origin == service.origin {
            return issuer.ends(with: "/") ? String(issuer.dropLast()) : issuer
        }
        guard !ownSegments.isEmpty else { return service.origin }
        let path = service.pathSegments.prefix { !ownSegments.holdsSame(as: $0) }
        return ([service.origin] + path).joined(separator: "/")
    }

    /// The page for registering a client for `service`; nil under the same condition as ``server(for:)``.
    ///
    /// - Parameter issuer: the issuer in the metadata, if they have been read. The program may run below a path.
    package func registrationPage(for service: ServiceURL, issuer: String? = nil) -> String? {
        page(registration, for: service, issuer: issuer)
    }

    /// The page for revoking grants, or nil if there is none, as with servers that revoke on keyfob's request.
    package func grantsPage(for service: ServiceURL, issuer: String? = nil) -> String? {
        grants.flatMap { page($0, for: service, issuer: issuer) }
    }

    /// The URL for deleting the tokens of a client, or nil if the host has none or the client id does not fit into a
    /// URL.
    func tokenDeletion(for service: ServiceURL, clientID: String) -> EndpointURL? {
        guard let tokenDeletion, clientID.utf8.allSatisfy(Self.isUnreserved) else { return nil }
        let address = tokenDeletion.replacing("{origin}", with: service.origin)
            .replacing("{host}", with: service.host).replacing("{client_id}", with: clientID)
        return try? EndpointURL(address)
    }

    /// ASCII letters, digits and the marks without a meaning in a URL (RFC 3986 section 2.3).
    private static func isUnreserved(_ byte: UInt8) -> Bool {
        let character = Character(Unicode.Scalar(byte))
        return byte < 0x80 && (character.isLetter || character.isNumber || "-._~".contains(character))
    }

    private func page(_ place: String, for service: ServiceURL, issuer: String? = nil) -> String? {
        let page = place.hasPrefix("/") ? base(for: service, issuer: issuer) + place : place
        return (try? EndpointURL(page))?.string
    }

    /// The values that `provider = "..."` accepts.
    package static let providers: [String] = rows.map(\.provider).reduce(into: []) { known, provider in
        if !known.contains(provider) { known.append(provider) }
    }

    /// Those of programs that run on a host of the user's own. The others have one place, whose tokens belong to no other host.
    static let ownProviders = providers.filter { row(of: $0)?.authority == nil }

    /// Those that an entry for any host may name. A company's host may have its mail at one of the mail services.
    static let providersOfAnyHost = providers.filter { provider in
        ownProviders.contains(provider) || row(of: provider)?.mailServers.isEmpty == false
    }

    /// The row for `service`: by its host for https on the default port, otherwise by the configured provider.
    package static func match(_ service: ServiceURL, provider: String?) -> KnownHost? {
        if service.scheme == "https", service.port == 443, let row = rows.first(where: { $0.covers(service.host) }) {
            return row
        }
        return provider.flatMap(row(of:))
    }

    /// The row for a provider's host that is not in the table: preferably the row that uses the service's own origin.
    static func row(of provider: String) -> KnownHost? {
        let candidates = rows.filter { $0.provider == provider }
        return candidates.first { $0.authority == nil } ?? candidates.first
    }

    /// Compares whole labels: `github.com` covers neither `github.com.example` nor `notgithub.com`.
    private func covers(_ host: String) -> Bool {
        hosts.contains { $0.hasPrefix(".") ? host.hasSuffix($0) && host.count > $0.count : host == $0 }
    }
}
