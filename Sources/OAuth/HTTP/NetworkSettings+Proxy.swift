package import Addresses
import AsyncHTTPClient
import Secrets

extension NetworkSettings {
    /// The proxy for `url`; nil for a direct connection.
    ///
    /// - Throws: `unreachable` if the proxy setting is invalid. A direct connection would ignore a proxy that the user
    ///   wants.
    func proxy(for url: EndpointURL) throws(OAuthError) -> HTTPClient.Configuration.Proxy? {
        guard let proxy, !proxy.isEmpty, !url.isLoopback, !isExcepted(url) else { return nil }
        guard let parsed = proxy.exposedText.flatMap(Self.parse) else {
            throw .unreachable(host: url.host, reason: "the proxy that is set for it is not understood")
        }
        return parsed
    }

    /// Host and port of the proxy for `url`, without its user and password; nil for a direct connection.
    ///
    /// - Throws: `unreachable` if the proxy setting is invalid.
    package func proxyAddress(for url: EndpointURL) throws(OAuthError) -> String? {
        try proxy(for: url).map { $0.host.contains(":") ? "[\($0.host)]:\($0.port)" : "\($0.host):\($0.port)" }
    }

    private func isExcepted(_ url: EndpointURL) -> Bool {
        exceptions.lowercased().split { $0 == "," || $0 == " " }.contains { written in
            let exception = written.hasPrefix(".") ? written.dropFirst() : written
            return exception == "*"
                || [url.host, "\(url.host):\(url.port)"].contains { $0 == exception || $0.hasSuffix("." + exception) }
        }
    }

    /// `[http://|socks5://|socks5h://][user:password@]host[:port][/]`
    private static func parse(_ text: String) -> HTTPClient.Configuration.Proxy? {
        let scheme = text.firstRange(of: "://").map { text[..<$0.lowerBound].lowercased() } ?? "http"
        let rest = text.firstRange(of: "://").map { text[$0.upperBound...] } ?? text[...]
        let authority = rest.prefix { $0 != "/" }
        let at = authority.utf8.lastIndex(of: UInt8(ascii: "@"))
        let hostAndPort = at.map { authority[authority.utf8.index(after: $0)...] } ?? authority
        let placeholder = "https://\(hostAndPort)"
        guard let url = try? EndpointURL(placeholder) else { return nil }
        // 1080 is curl's default port for proxies.
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
