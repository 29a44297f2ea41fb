/// A loopback redirect URI whose port is chosen for each login unless it is given (RFC 8252 section 7.3).
package struct RedirectTemplate: Sendable, Hashable {
    /// Why a text is not a redirect URI that we can listen on.
    package enum ParsingError: Error, Sendable, Equatable {
        case notALoopbackURL, unsupportedHost, query
    }

    /// `127.0.0.1`, `localhost` or `[::1]`.
    package let host: String
    /// nil: one that is free.
    package let port: Int?
    /// As it stands in the URI; may be empty, though a browser then asks for `/`.
    package let path: String

    /// `http://127.0.0.1/callback`.
    package static let loopback = RedirectTemplate(host: "127.0.0.1", port: nil, path: "/callback")

    private init(host: String, port: Int?, path: String) {
        (self.host, self.port, self.path) = (host, port, path)
    }

    /// Reads a redirect URI as registered.
    package init(_ string: String) throws(ParsingError) {
        guard let url = try? EndpointURL(string), url.scheme == "http" else { throw .notALoopbackURL }
        guard ["127.0.0.1", "localhost", "[::1]"].contains(url.host) else { throw .unsupportedHost }
        guard url.query == nil else { throw .query }
        let authority = string.dropFirst("http://".count).prefix { $0 != "/" }
        self.init(host: url.host, port: authority == url.host ? nil : url.port, path: url.path)
    }

    /// As registered: without a port unless it has its own.
    var registered: String { "http://\(host)\(port.map { ":\($0)" } ?? "")\(path)" }

    /// The redirect URI for a port, as both requests of a login send it.
    func uri(port: Int) -> String { "http://\(host):\(self.port ?? port)\(path)" }
}
