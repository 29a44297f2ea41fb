package import Secrets

/// How one endpoint is reached: through which proxy, and whose word counts for its certificate.
///
/// A proxy carries TLS through `CONNECT` (RFC 9110 section 9.3.6), so it sees no secret but its own password. Whatever
/// stands here, loopback hosts are reached directly, and certificates are verified.
package struct NetworkSettings: Sendable, Equatable {
    /// `[http://|socks5://|socks5h://][user:password@]host[:port]`, user and password percent-encoded; nil or empty: none.
    package var proxy: Secret?
    /// The hosts that are reached without it, between commas or spaces: a name with all that is below it, `host:port`,
    /// or `*`, as curl reads `no_proxy`.
    package var exceptions = ""
    /// PEM file of the authorities to trust in place of the system's.
    package var authorities: String?
    /// PEM file of authorities to trust beside them.
    package var extraAuthorities: String?

    /// The system's authorities, and no proxy.
    package init() {}

    /// By the variables that curl and git heed: `https_proxy`, else `all_proxy`, the first that is set even if empty
    /// (which means none), in lower case before upper case; `no_proxy`; and OpenSSL's `SSL_CERT_FILE`.
    package init(environment: [String: String]) {
        func value(_ name: String) -> String? { environment[name] ?? environment[name.uppercased()] }
        proxy = (value("https_proxy") ?? value("all_proxy")).map { Secret($0) }
        exceptions = value("no_proxy") ?? ""
        authorities = environment["SSL_CERT_FILE"].flatMap { $0.isEmpty ? nil : Self.absolute($0) }
    }

    /// A relative path would name a file of the working directory, which may be anybody's. It is taken from the root directory
    /// instead, where such a file is not: then no certificate is believed.
    package static func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "/" + path }

    /// The variables that ``init(environment:)`` reads.
    package static let variables = [
        "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY", "SSL_CERT_FILE",
    ]
}
