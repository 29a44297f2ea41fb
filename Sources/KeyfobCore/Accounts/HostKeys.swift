import Addresses
import CredentialProtocol
import OAuth

/// The keys of `[host."URL"]`, in the order of the documentation.
extension Configuration.Host {
    package static let keys = serverKeys + clientKeys + requestKeys + accountKeys

    /// The keys about the server come from a lower layer only if the upper layer names no server.
    private static let isWithoutServer: @Sendable (Self, Self) -> Bool = { first, _ in first.server == nil }

    private static let serverKeys = [
        HostKey(
            "issuer", \.issuer, .address,
            "the authorization server, whose metadata keyfob reads (RFC 8414 or OpenID Connect Discovery)",
            counts: isWithoutServer,
            display: .init(
                label: "authorization server", absent: "", setters: [.knownHost, .discovery, .git],
                effective: { $0.server.identifier })),
        HostKey(
            "authorization_endpoint", \.authorizationEndpoint, .endpoint,
            "an endpoint, with `token_endpoint` and `client_id`, if the server has no metadata",
            git: ["oauthAuthURL", "oauthAuthorizeEndpoint"], isApproved: false, counts: isWithoutServer,
            display: .init(
                setters: [.knownHost, .git],
                effective: {
                    $0.server.written.flatMap { $0.isForDevicesAlone ? nil : $0.authorizationEndpoint.string }
                })),
        HostKey(
            "token_endpoint", \.tokenEndpoint, .endpoint,
            "an endpoint, with `authorization_endpoint`",
            git: ["oauthTokenURL", "oauthTokenEndpoint"], isApproved: false, counts: isWithoutServer,
            display: .init(setters: [.knownHost, .git], effective: { $0.server.written?.tokenEndpoint.string })),
        HostKey(
            "device_authorization_endpoint", \.deviceAuthorizationEndpoint, .endpoint,
            "the endpoint of the device flow; it overrides the metadata of `issuer`",
            git: ["oauthDeviceAuthURL", "oauthDeviceEndpoint"], isApproved: false, counts: isWithoutServer,
            display: .init(setters: [.knownHost, .git], effective: { $0.server.device?.string })),
        HostKey(
            "revocation_endpoint", \.revocationEndpoint, .endpoint,
            "the endpoint that revokes tokens; it overrides the metadata of `issuer`",
            isApproved: false, counts: isWithoutServer,
            display: .init(setters: [.knownHost], effective: { $0.server.revocation?.string })),
        HostKey(
            "reach", \.reach, .word,
            "`service`: the authorization server must not be nearer to this machine than the service is; "
                + "`private`: it may be in a private network, as you agreed; without this key it may be anywhere",
            counts: isWithoutServer,
            display: .init(setters: [.discovery], effective: { $0.reach?.rawValue })),
        HostKey(
            "endpoint_hosts", \.endpointHosts, .hosts,
            "with `reach`: the hosts besides the issuer's own on which the authorization server may have "
                + "endpoints, as you agreed; without `reach` any host",
            counts: { first, second in first.server == nil || first.server == second.server },
            // A host counts if any layer has it for this server: the user has agreed to it.
            join: { first, second in first + second.filter { !first.contains($0) } },
            display: .init(effective: { $0.endpointHosts.isEmpty ? nil : $0.endpointHosts.joined(separator: " ") })),
    ]

    private static let clientKeys = [
        HostKey(
            "client_id", \.clientID, .string,
            "the id of your registration; without it keyfob registers itself",
            git: ["oauthClientId"],
            display: .init(
                label: "client",
                absentAt: {
                    // Without metadata there is no registration endpoint.
                    $0.server.written != nil && $0.server.written?.registrationEndpoint == nil
                        ? "none, and keyfob cannot register itself there"
                        : "keyfob registers itself, if the server lets it"
                }, setters: [.git],
                effective: { $0.client?.id })),
        HostKey(
            "client_authentication", \.clientAuthentication,
            .word(also: [
                "basic": .basic, "httpbasic": .basic, "basicauth": .basic, "header": .basic, "post": .post,
                "body": .post,
                "requestbody": .post, "form": .post, "public": .none,
            ]),
            "how the client sends its secret, if keyfob does not find it out: `client_secret_basic` (then without "
                + "`client_id` in the body), `client_secret_post`, `plain_basic` (Basic without the encoding of RFC 6749), "
                + "or `none`",
            display: .init(effective: { $0.clientAuthentication?.rawValue })),
        HostKey(
            "provider", \.provider, .provider,
            "the program that runs on a host of your own: `github`, `gitlab`, `gitea`, "
                + "`forgejo`, `bitbucket-data-center`",
            check: { provider, host throws(ConfigurationError.Problem) in
                // A host in the table of known hosts can have no other provider than its own.
                let known = KnownHost.match(host.service, provider: nil).map { [$0.provider] }
                let allowed = known ?? KnownHost.providersOfAnyHost
                guard allowed.contains(provider) else { throw .notAllowed(value: provider, allowed: allowed) }
            }, display: .init(setters: [.knownHost], effective: { $0.provider?.provider })),
        HostKey(
            "redirect_uri", \.redirect, .redirect,
            "default `http://127.0.0.1/callback`; each sign-in chooses a port unless you give one",
            git: ["oauthRedirectURL", "oauthRedirectUri"],
            display: .init(
                absent: "the one of the registration", setters: [.knownHost, .git],
                effective: { $0.redirect?.uri(port: nil) },
                // A client of the user's has no other registration that keyfob knows.
                standard: { $0.client == nil ? nil : RedirectTemplate.loopback.uri(port: nil) })),
        HostKey(
            "pkce", \.pkce, .word(also: ["true": .required, "s256": .required]),
            "`required` (default), or `assumed` if the server does not announce S256",
            display: .init(absent: "", setters: [.knownHost, .git], effective: { $0.pkce.rawValue })),
    ]

    private static let requestKeys = [
        HostKey(
            "scopes", \.scopes, .strings,
            "the scopes to request", git: ["oauthScopes"],
            display: .init(
                absent: "none", setters: [.knownHost, .discovery, .git],
                effective: { $0.scopes.isEmpty ? nil : $0.scopes.joined(separator: " ") })),
        HostKey(
            "offline_access", \.offlineAccess, .bool,
            "`true`: also request `offline_access` if the server knows it",
            display: .init(setters: [.discovery], effective: { $0.addsOfflineAccess ? "true" : "false" })),
        HostKey(
            "flow", \.flow, .word(also: ["browser": .loopback, "devicecode": .device]),
            "how you sign in; by default keyfob chooses. `loopback`: in the browser of this machine; "
                + "`device`: with a code on another device; `paste`: in any browser, whose last address you paste",
            display: .init(absent: "chosen automatically", effective: { $0.flow?.rawValue })),
        HostKey(
            "resource", \.resource, .resource,
            "the resource indicator (RFC 8707); `false` for none",
            display: .init(absent: "none", setters: [.discovery], effective: { $0.resource })),
        HostKey(
            "resource_parameter", \.resourceParameter, .word,
            "`resource` (default), or `audience` for Auth0 servers that only know that",
            display: .init(effective: { $0.resourceParameter.rawValue })),
    ]

    private static let accountKeys = [
        HostKey(
            "username", \.username, .string,
            "the user name that git sends with the token; default `oauth2`",
            git: ["username", "oauthDefaultUserName"],
            display: .init(
                label: "user name beside the token", absent: "oauth2", setters: [.knownHost, .git],
                effective: { $0.username })),
        HostKey(
            "mail", \.mail, .hosts,
            "the mail servers that take the service's token instead of a password (`git send-email`, `git imap-send`), "
                + "as `HOST:PORT`, or `HOST` for all its ports",
            display: .init(
                setters: [.knownHost],
                effective: { $0.mailServers.isEmpty ? nil : $0.mailServers.joined(separator: " ") })),
        HostKey(
            "account", \.account, .string,
            "which of your accounts at the service to use",
            display: .init(absent: "the one that the caller names, or else the only one", effective: { $0.name })),
        HostKey(
            "ca_file", \.certificateAuthorityFile, .path,
            "the absolute path of a PEM file with authorities to trust in addition to the system's",
            display: .init(effective: { $0.certificateAuthorityFile })),
    ]
}

/// The keys outside the hosts.
extension Configuration: ConfigurationSection {
    package static let keys = [
        ConfigurationKey<Configuration>(
            "interaction", \.interaction, .word(also: ["false": .never, "true": .auto]),
            "`never`, `auto` (default) or `always`"),
        ConfigurationKey(
            "store", \.store, .word,
            "where keyfob keeps sign-ins and passwords: `keyring` (default), the Secret Service; `memory`, the kernel's "
                + "memory; or `auto`, the Secret Service if there is one, otherwise memory"),
        ConfigurationKey(
            "min_ttl", \.minTTL, .seconds,
            "the least number of seconds for which a token must still be valid, at most half of its whole "
                + "lifetime; default 300",
            display: .init(effective: { String($0.minTTL) })),
        ConfigurationKey(
            "login_timeout", \.loginTimeout, .seconds,
            "the time limit for a sign-in in seconds; default 300",
            display: .init(effective: { String($0.loginDeadline.components.seconds) })),
        ConfigurationKey(
            "client_metadata_document", \.clientMetadataDocument, .string,
            "the URL of a published document that describes keyfob as a client; none by default",
            check: { url, _ throws(ConfigurationError.Problem) in
                guard (try? ClientMetadataDocument.clientID(url)) != nil else { throw .badURL(value: url) }
            }, display: .init(effective: { $0.clientMetadataDocument })),
    ]

    /// The documentation of all keys: a table in Markdown.
    package static var keyTable: String {
        let service =
            "| `[host.\"URL\"]` | one service: an origin, or an origin with a path (git sends the path only with "
            + "`credential.useHttpPath`); https, or http on this machine |\n"
        let rows = keys.map(\.row) + [service] + Host.keys.map(\.row)
        return "| key | meaning |\n|---|---|\n" + rows.joined()
    }
}
