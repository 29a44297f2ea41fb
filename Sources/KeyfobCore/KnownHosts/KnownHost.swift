package import CredentialProtocol
package import OAuth

/// What is known in advance about a kind of service: how its authorization server is reached, and what git wants of it.
///
/// It saves writing, and grants nothing: a client must still be registered, and who signs in where is still the person's
/// decision. The rows are in `KnownHosts.swift`; there are no client ids in them.
package struct KnownHost: Sendable, Equatable {
    /// The word for it in `provider = "..."`; one provider may have a row for its own hosts and one for other people's.
    package let provider: String
    /// For people: `GitHub`, `GitHub Enterprise Server`.
    package let name: String
    /// What git needs to fetch and push.
    package var scopes: [String]
    /// What git shall say beside the token; nil where it may say anything.
    package var username: String?
    /// What to register, and to listen on; nil: `http://127.0.0.1/callback`, on any port.
    package var redirect: RedirectTemplate?
    /// `assumed` where S256 is understood or ignored, and not always announced; nil where it is announced.
    package var pkce: PKCEPolicy?
    /// The ways to sign in that it offers.
    package var flows: [Account.Flow]
    /// What else a person should know who sets it up, one line each.
    package var quirks: [String]
    /// What a person's own registration there has to be, by the shortest way that works.
    package var ownClient: OwnClient

    /// The hosts that are matched without being asked for: a name, or `.name` for all that is below it.
    let hosts: [String]
    /// The origin of the authorization server; nil where it is the service's own.
    let authority: String?
    /// Where things are below that origin.
    let shape: ServerShape
    /// Where clients are registered: a path below that origin, or a whole address.
    let registration: String
    /// Where access tokens are deleted in GitHub's way: `{origin}` stands for the service's origin, `{host}` for its host,
    /// `{client_id}` for the client; nil where the server revokes as RFC 7009 has it, or not at all.
    let tokenDeletion: String?
    /// Where a person ends what they have granted, where the server has no RFC 7009: as ``registration``.
    let grants: String?

    /// How an authorization server is described, all of it as paths.
    enum ServerShape: Sendable, Equatable {
        /// It publishes metadata (RFC 8414, OpenID Connect Discovery 1.0) under its origin.
        case issuer(device: String? = nil)
        /// It publishes none that can be used.
        case endpoints(authorization: String, token: String, device: String? = nil, revocation: String? = nil)
    }

    /// How a person's own client signs in.
    package enum OwnClient: Sendable {
        /// In the browser, without a secret.
        case withoutSecret
        /// At another device; in the browser a secret would be needed.
        case withoutSecretByDevice
        /// With the secret that the host gives it.
        case withSecret
    }

    init(
        provider: String, name: String, hosts: [String] = [], authority: String? = nil, shape: ServerShape,
        registration: String, tokenDeletion: String? = nil, grants: String? = nil,
        scopes: [String], username: String?,
        redirect: RedirectTemplate? = nil, pkce: PKCEPolicy? = nil, flows: [Account.Flow], quirks: [String] = [],
        ownClient: OwnClient = .withoutSecret
    ) {
        (self.provider, self.name, self.hosts) = (provider, name, hosts)
        (self.authority, self.shape, self.registration) = (authority, shape, registration)
        (self.tokenDeletion, self.grants) = (tokenDeletion, grants)
        (self.scopes, self.username, self.redirect, self.pkce) = (scopes, username, redirect, pkce)
        (self.flows, self.quirks, self.ownClient) = (flows, quirks, ownClient)
    }

    /// Where the authorization server of `service` is; nil where its origin could be no endpoint's, as with plain http off
    /// loopback.
    package func server(for service: ServiceURL) -> Account.ServerLocation? {
        let origin = authority ?? service.origin
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

    /// The page where a person registers a client for `service`; nil under the same condition as ``server(for:)``.
    package func registrationPage(for service: ServiceURL) -> String? {
        page(registration, for: service)
    }

    /// The page where a person ends what they have granted; nil where the server does that when we ask it.
    package func grantsPage(for service: ServiceURL) -> String? {
        grants.flatMap { page($0, for: service) }
    }

    /// Where the tokens of a client are deleted; nil where they are not.
    func tokenDeletion(for service: ServiceURL, clientID: String) -> EndpointURL? {
        guard let tokenDeletion, clientID.utf8.allSatisfy(Self.isUnreserved) else { return nil }
        let address = tokenDeletion.replacing("{origin}", with: service.origin)
            .replacing("{host}", with: service.host).replacing("{client_id}", with: clientID)
        return try? EndpointURL(address)
    }

    /// Letters, digits and the marks that mean nothing in a URL (RFC 3986 section 2.3).
    private static func isUnreserved(_ byte: UInt8) -> Bool {
        let character = Character(Unicode.Scalar(byte))
        return byte < 0x80 && (character.isLetter || character.isNumber || "-._~".contains(character))
    }

    private func page(_ place: String, for service: ServiceURL) -> String? {
        let page = place.hasPrefix("/") ? (authority ?? service.origin) + place : place
        return (try? EndpointURL(page))?.string
    }

    /// What may stand in `provider = "..."`.
    package static let providers: [String] = rows.map(\.provider).reduce(into: []) { known, provider in
        if !known.contains(provider) { known.append(provider) }
    }

    /// What is known of `service`: by its host, over https on the usual port; else by the provider that a person named.
    package static func match(_ service: ServiceURL, provider: String?) -> KnownHost? {
        if service.scheme == "https", service.port == 443, let row = rows.first(where: { $0.covers(service.host) }) {
            return row
        }
        return provider.flatMap(row(of:))
    }

    /// The row for a host of a provider that is not in the table: the one that takes the service's own origin, if any.
    private static func row(of provider: String) -> KnownHost? {
        let candidates = rows.filter { $0.provider == provider }
        return candidates.first { $0.authority == nil } ?? candidates.first
    }

    /// Compares whole labels: neither `github.com.example` nor `notgithub.com` is covered by `github.com`.
    private func covers(_ host: String) -> Bool {
        hosts.contains { $0.hasPrefix(".") ? host.hasSuffix($0) && host.count > $0.count : host == $0 }
    }
}
