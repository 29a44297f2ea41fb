package import Addresses
import AsyncHTTPClient
import Secrets

extension NetworkSettings {
    /// The proxy for `url`; nil for a direct connection.
    ///
    /// - Throws: `settingsUnknown` if keyfob cannot use the proxy. A direct connection would ignore a proxy that the user
    ///   wants.
    func proxy(for url: EndpointURL) throws(OAuthError) -> HTTPClient.Configuration.Proxy? {
        guard let proxy, !proxy.isEmpty, !url.isLoopback, !isExcepted(url) else { return nil }
        return try parse(proxy.exposedText ?? "")
    }

    /// Host and port of the proxy for `url`, without its user and password; nil for a direct connection.
    ///
    /// - Throws: `settingsUnknown` if keyfob cannot use the proxy.
    package func proxyAddress(for url: EndpointURL) throws(OAuthError) -> String? {
        try proxy(for: url).map { $0.host.contains(":") ? "[\($0.host)]:\($0.port)" : "\($0.host):\($0.port)" }
    }

    private func isExcepted(_ url: EndpointURL) -> Bool {
        let host = Self.withoutLastDot(url.host[...])
        let address = HostName.bytes(String(host))
        return exceptions.asciiLowercased.split { $0 == "," || $0.isWhitespace }.contains { written in
            let exception = Self.withoutLastDot(written)
            if exception.isSame(as: "*") { return true }
            let ending = ":\(url.port)"
            let names = exception.hasSuffix(ending) ? [exception, exception.dropLast(ending.count)] : [exception]
            return names.contains { name in
                if let address { return Block(name)?.holds(address) == true }
                return Self.name(name, covers: host)
            }
        }
    }

    private static func withoutLastDot(_ name: Substring) -> Substring { name.hasSuffix(".") ? name.dropLast() : name }

    /// Whether `exception` is the host or a domain above it. `.example.com` and `*.example.com` mean `example.com`.
    private static func name(_ exception: Substring, covers host: Substring) -> Bool {
        let prefix = ["*.", "."].first { exception.hasPrefix($0) } ?? ""
        let domain = exception.dropFirst(prefix.count)
        return host == domain || host.hasSuffix("." + domain)
    }

    /// A block of addresses: `10.0.0.0/8`, `[fd00::]/8`, `fd00::1`.
    private struct Block {
        let address: [UInt8]
        let bits: Int

        /// Returns nil if the text is no address or block.
        init?(_ text: Substring) {
            let parts = String(text).parts(at: "/", maxSplits: 1)
            let isBare = parts[0].holds(":") && !parts[0].begins(with: "[")
            guard let address = HostName.bytes(isBare ? "[\(parts[0])]" : String(parts[0])) else { return nil }
            self.address = address
            guard parts.count == 2 else {
                bits = address.count * 8
                return
            }
            guard let bits = Int(parts[1]), (0...address.count * 8).contains(bits) else { return nil }
            self.bits = bits
        }

        func holds(_ other: [UInt8]) -> Bool {
            guard other.count == address.count else { return false }
            let (whole, rest) = bits.quotientAndRemainder(dividingBy: 8)
            guard other.prefix(whole) == address.prefix(whole) else { return false }
            return rest == 0 || (other[whole] ^ address[whole]) >> (8 - rest) == 0
        }
    }

    /// `[http://|socks5://|socks5h://][user:password@]host[:port][/]`
    private func parse(_ text: String) throws(OAuthError) -> HTTPClient.Configuration.Proxy {
        let scheme = text.firstRange(of: "://").map { text[..<$0.lowerBound].lowercased() } ?? "http"
        let rest = text.firstRange(of: "://").map { text[$0.upperBound...] } ?? text[...]
        let authority = rest.prefix { $0 != "/" }
        let at = authority.utf8.lastIndex(of: UInt8(ascii: "@"))
        let hostAndPort = at.map { authority[authority.utf8.index(after: $0)...] } ?? authority
        guard let url = try? EndpointURL("https://\(hostAndPort)") else {
            throw unusable("is not the address of a proxy")
        }
        // 1080 is curl's default port for proxies.
        let port = hostAndPort.hasSuffix(":\(url.port)") ? url.port : 1080
        let host = url.host.hasPrefix("[") ? String(url.host.dropFirst().dropLast()) : url.host

        switch scheme {
        case "http":
            return .server(host: host, port: port, authorization: at.flatMap { Self.authorization(authority[..<$0]) })
        case "socks5", "socks5h":
            guard at == nil else { throw unusable("has a user for a SOCKS proxy, which keyfob cannot send") }
            return .socksServer(host: host, port: port)
        case "https":
            throw unusable("names an https proxy, but keyfob cannot speak TLS to a proxy")
        default:
            throw unusable("names a kind of proxy that keyfob does not know")
        }
    }

    /// - Parameter problem: without a part of the setting, which may have a password in it.
    private func unusable(_ problem: String) -> OAuthError {
        .settingsUnknown(
            reason: "\(proxySetting) \(problem)", mend: "set it to http://HOST:PORT or socks5://HOST:PORT of a proxy")
    }

    private static func authorization(_ userInformation: Substring) -> HTTPClient.Authorization? {
        let parts = userInformation.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            .compactMap { FormEncoding.decode("v=" + $0.replacing("+", with: "%2B"))?.first?.value }
        guard let user = parts.first else { return nil }
        return .basic(username: user, password: parts.count > 1 ? parts[1] : "")
    }
}
