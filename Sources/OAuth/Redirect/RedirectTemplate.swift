import Secrets

/// A loopback redirect URI whose port is chosen for each login unless it is given (RFC 8252 section 7.3).
package struct RedirectTemplate: Sendable, Hashable {
    /// Why a text is not a redirect URI that we can listen on.
    package enum ParsingError: Error, Sendable, Equatable {
        case notALoopbackURL, unsupportedHost, query
    }

    /// `127.0.0.1`, `localhost` or `[::1]`.
    package let host: String
    /// Tried in this order, for servers that compare the whole URI; none: any that is free.
    package var ports: [Int]
    /// As it stands in the URI; may be empty, though a browser then asks for `/`.
    package let path: String

    /// `http://127.0.0.1/callback`.
    package static let loopback = RedirectTemplate(host: "127.0.0.1", ports: [], path: "/callback")

    /// `http://127.0.0.1/LABEL/callback`: a redirect URI of its own for each issuer, so that a code which one server gave
    /// cannot come back as the answer of another (RFC 9700 section 4.4.2.2). It does not begin with the path of
    /// ``loopback``, for some servers accept whatever begins with a registered path.
    ///
    /// - Parameter label: unreserved characters of RFC 3986 section 2.3 only.
    package static func loopback(labelled label: String) -> RedirectTemplate {
        RedirectTemplate(host: "127.0.0.1", ports: [], path: "/" + label + loopback.path)
    }

    /// The same without the label; itself if it has none.
    package var withoutLabel: RedirectTemplate {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        guard segments.count == 3, "/" + segments[2] == Self.loopback.path else { return self }
        return RedirectTemplate(host: host, ports: ports, path: Self.loopback.path)
    }

    private init(host: String, ports: [Int], path: String) {
        (self.host, self.ports, self.path) = (host, ports, path)
    }

    /// Reads a redirect URI as registered.
    package init(_ string: String) throws(ParsingError) {
        guard let url = try? EndpointURL(string), url.scheme == "http" else { throw .notALoopbackURL }
        guard ["127.0.0.1", "localhost", "[::1]"].contains(url.host) else { throw .unsupportedHost }
        guard url.query == nil else { throw .query }
        let authority = string.dropFirst("http://".count).prefix { $0 != "/" }
        self.init(
            host: url.host, ports: authority.asciiLowercased.isSame(as: url.host) ? [] : [url.port], path: url.path)
    }

    /// A port of `host` (as in ``host``) that nobody has at this moment, to be registered and bound at each login.
    ///
    /// Throws `listenerFailed`.
    package static func freePort(host: String = "127.0.0.1") async throws(OAuthError) -> Int {
        try await RedirectTemplate(host: host, ports: [], path: "").bindablePort()
    }

    /// The port on which a login could listen at this moment.
    ///
    /// Throws `listenerFailed`.
    package func bindablePort() async throws(OAuthError) -> Int {
        let server = try await LoopbackServer.open(self)
        await server.close()
        return server.port
    }

    /// The redirect URI for a port that is listened on, as both requests of a login send it. nil: nothing listens, and
    /// it is sent as registered: with the first of its own ports, or with none.
    package func uri(port: Int?) -> String { "http://\(authority(port: port))\(path)" }

    /// Host and port of ``uri(port:)``.
    func authority(port: Int?) -> String { host + ((port ?? ports.first).map { ":\($0)" } ?? "") }
}
