package import Secrets

/// How keyfob reaches one endpoint: the proxy, and the authorities that it trusts for the certificate.
///
/// A proxy tunnels TLS through `CONNECT` (RFC 9110 section 9.3.6), so it sees no secret except its own password. With
/// any settings, loopback hosts are reached directly, and certificates are verified.
package struct NetworkSettings: Sendable, Equatable {
    /// `[http://|socks5://|socks5h://][user:password@]host[:port]`, user and password percent-encoded. Nil or empty: no
    /// proxy.
    package var proxy: Secret?
    /// The setting that ``proxy`` comes from, for messages.
    package var proxySetting: String
    /// The hosts that are reached without the proxy, separated by commas or spaces: a name (with all names below it), an
    /// address, a block of addresses (`10.0.0.0/8`, `fd00::/8`) or `*`, as curl reads `no_proxy`; or `host:port`.
    package var exceptions = ""
    /// PEM file of the authorities to trust instead of the system's.
    package var authorities: String?
    /// PEM file of authorities to trust in addition.
    package var extraAuthorities: String?

    /// Reads the variables of curl and git: `https_proxy`, otherwise `all_proxy` (the first one that is set, even if
    /// empty, which means no proxy); `no_proxy`; and OpenSSL's `SSL_CERT_FILE`. Names in lower case take precedence
    /// over upper case. Without any of them: the system's authorities, and no proxy.
    package init(environment: [String: String]) {
        func value(_ name: String) -> String? { environment[name] ?? environment[name.uppercased()] }
        proxySetting = Self.proxyVariables.first { environment[$0] != nil } ?? "https_proxy"
        proxy = environment[proxySetting].map { Secret($0) }
        exceptions = value("no_proxy") ?? ""
        authorities = environment["SSL_CERT_FILE"].flatMap { $0.isEmpty ? nil : Self.absolute($0) }
    }

    /// Makes a relative path absolute by prefixing `/`. The working directory may belong to another user, so its files
    /// are not used. The file normally does not exist then, and every certificate is rejected.
    package static func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "/" + path }

    /// The variables that ``init(environment:)`` reads.
    package static let variables = proxyVariables + ["no_proxy", "NO_PROXY", "SSL_CERT_FILE"]

    /// The variables that name a proxy. The first one that is set counts.
    private static let proxyVariables = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
}
