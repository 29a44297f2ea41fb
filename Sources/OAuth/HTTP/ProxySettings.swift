import AsyncHTTPClient

/// Which proxy to go through, by the environment variables that curl and git heed.
///
/// `https_proxy`, else `all_proxy`, in lower or upper case; `no_proxy` lists host names (with all their subdomains), or
/// is `*`. Loopback hosts are always reached directly. A proxy carries TLS through `CONNECT`; it sees no secret.
struct ProxySettings: Sendable {
    private let proxy: String?
    private let exceptions: [String]

    init(environment: [String: String]) {
        func value(_ name: String) -> String? {
            (environment[name] ?? environment[name.uppercased()]).flatMap { $0.isEmpty ? nil : $0 }
        }
        proxy = value("https_proxy") ?? value("all_proxy")
        exceptions = (value("no_proxy") ?? "").lowercased().split(whereSeparator: { $0 == "," || $0 == " " })
            .map { $0.hasPrefix(".") ? String($0.dropFirst()) : String($0) }
    }

    /// The proxy for `url`; nil for a direct connection. Throws where the variable cannot be understood: to go round a
    /// proxy that somebody wanted would be worse than not to go.
    func proxy(for url: EndpointURL) throws(OAuthError) -> HTTPClient.Configuration.Proxy? {
        guard let proxy, !url.isLoopback, !isExcepted(url) else { return nil }
        guard let parsed = Self.parse(proxy)
        else { throw .unreachable(host: url.host, reason: "the proxy of the environment is not understood") }
        return parsed
    }

    private func isExcepted(_ url: EndpointURL) -> Bool {
        exceptions.contains { exception in
            exception == "*"
                || [url.host, "\(url.host):\(url.port)"].contains { host in
                    host == exception || host.hasSuffix("." + exception)
                }
        }
    }

    /// `[http://|socks5://|socks5h://][user:password@]host[:port][/]`
    private static func parse(_ text: String) -> HTTPClient.Configuration.Proxy? {
        let scheme = text.firstRange(of: "://").map { text[..<$0.lowerBound].lowercased() } ?? "http"
        let rest = text.firstRange(of: "://").map { text[$0.upperBound...] } ?? text[...]
        let authority = rest.prefix { $0 != "/" }
        let at = authority.lastIndex(of: "@")
        let hostAndPort = at.map { authority[authority.index(after: $0)...] } ?? authority
        let placeholder = "https://\(hostAndPort)"
        guard let url = try? EndpointURL(placeholder) else { return nil }
        // 1080 is what curl takes where no port is written.
        let port = hostAndPort.hasSuffix(":\(url.port)") ? url.port : 1080
        let host = url.host.hasPrefix("[") ? String(url.host.dropFirst().dropLast()) : url.host

        switch scheme {
        case "http":
            return .server(host: host, port: port, authorization: at.flatMap { authorization(authority[..<$0]) })
        case "socks5", "socks5h":
            return .socksServer(host: host, port: port)
        default:
            return nil
        }
    }

    private static func authorization(_ userInformation: Substring) -> HTTPClient.Authorization? {
        let parts = userInformation.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            .compactMap { FormEncoding.decode("v=" + $0.replacing("+", with: "%2B"))?.first?.value }
        guard let user = parts.first else { return nil }
        return .basic(username: user, password: parts.count > 1 ? parts[1] : "")
    }
}
