import Addresses
import Testing

/// What keyfob proposes for a text that is no URL. It never connects to such a host.
@Suite struct `A text that was meant as a URL` {
    private static func ascii(_ name: String) -> String? {
        ["bücher.example": "xn--bcher-kva.example", "例え.example": "xn--r8jz45g.example"][name]
    }

    static let services: [(String, String)] = [
        // No scheme
        ("git.example.com", "https://git.example.com"), ("git.example.com:8443/a", "https://git.example.com:8443/a"),
        ("localhost:3000/a", "http://localhost:3000/a"), ("git@git.example.com:a/b", "https://git.example.com/a/b"),
        // ssh's form of a repository
        ("git.example.com:you/project.git", "https://git.example.com/you/project.git"), ("h:x/a", "https://h/x/a"),
        ("ssh://git@git.example.com:you/project", "https://git.example.com/you/project"),
        ("[::1]/a", "http://[::1]/a"), ("[::1]:8/a", "http://[::1]:8/a"), ("h:99999/a", "https://h/a"),
        // A misspelt scheme
        ("htps://h.example", "https://h.example"), ("htpps://h.example/a", "https://h.example/a"),
        ("hhttps://h.example", "https://h.example"), ("ttps://h.example", "https://h.example"),
        ("htp://h.example", "https://h.example"), ("HTPS://h.example", "https://h.example"),
        ("https:/h.example", "https://h.example"), ("https//h.example", "https://h.example"),
        ("https:///h.example", "https://h.example"), ("https:h.example/a", "https://h.example/a"),
        ("https;//h.example", "https://h.example"), ("http:/127.0.0.1:9/a", "http://127.0.0.1:9/a"),
        ("https:\\\\h.example/a", "https://h.example/a"),
        // Schemes of git
        ("ssh://git@h.example:22/a", "https://h.example/a"), ("git+ssh://git@h.example/a", "https://h.example/a"),
        ("git://h.example/a", "https://h.example/a"), ("git+https://h.example/a", "https://h.example/a"),
        // Around it
        (" https://h.example\n", "https://h.example"), ("\"https://h.example\"", "https://h.example"),
        ("<https://h.example/a>", "https://h.example/a"), ("'h.example'", "https://h.example"),
        // The host and the port
        ("https://bücher.example/a", "https://xn--bcher-kva.example/a"), ("例え.example", "https://xn--r8jz45g.example"),
        ("bücher.example:8443", "https://xn--bcher-kva.example:8443"), ("https://h.example./a", "https://h.example/a"),
        ("https://h.example:", "https://h.example"), ("https://h.example:0443/a", "https://h.example/a"),
        ("https://h.example:08443", "https://h.example:8443"), ("https://h.example:99999/a", "https://h.example/a"),
        ("https://h.example:https/a", "https://h.example/a"), ("https://[::1]:0", "https://[::1]"),
        ("https://https://h.example/a", "https://h.example/a"), ("htps://https://h.example", "https://h.example"),
        // What is no part of a service
        ("https://u:p@h.example/a?b#c", "https://h.example/a"), ("http://h.example", "https://h.example"),
    ]

    @Test(arguments: services)
    func `has a service that keyfob proposes`(_ text: String, _ service: String) {
        #expect(ServiceURL.proposal(for: text, ascii: Self.ascii)?.description == service)
    }

    @Test(arguments: [
        "", "://", "https://", "ftp://h.example", "sftp://h.example", "tftp://h.example", "smtp://h.example",
        "https://a b.example", "https://h.example\\@evil.example", "https://unknown.é",
        "https://127.1", "file:///etc", "https://h.example/../a", "https://h.example//a/b", "a//h.example",
        "http://0.0.0.0:1/a",
        "https://alice:secret/secret@h.example:port", "htps://alice:se?cret@h.example", "alice:secret/x@h.example",
        "\u{FF48}\u{FF54}\u{FF54}\u{FF50}\u{FF53}://evil.example",
    ])
    func `has none if it means something else, or more than one host`(_ text: String) {
        #expect(ServiceURL.proposal(for: text, ascii: Self.ascii) == nil)
    }

    @Test(arguments: [
        ("https://h:99999", true), ("h:x", true), ("h:x/a", false), ("https://h:0", true), ("h:1", false),
        ("h:", false),
    ])
    func `may have a port that can be none`(_ text: String, _ isBad: Bool) {
        #expect(ServiceURL.hasBadPort(text) == isBad)
    }

    static let endpoints: [(String, String)] = [
        (" https://h.example/token ", "https://h.example/token"),
        ("https://h.example/a?b=c#d", "https://h.example/a?b=c"),
        ("https://h.example/a/", "https://h.example/a/"), ("htps://H.example/A", "https://H.example/A"),
        ("h.example/token", "https://h.example/token"), ("https://bücher.example/é", ""),
        ("https://bücher.example/a%20b", "https://xn--bcher-kva.example/a%20b"),
        ("127.0.0.1:8/callback", "http://127.0.0.1:8/callback"), ("https://127.0.0.1:8/#", "https://127.0.0.1:8/"),
    ]

    @Test(arguments: endpoints)
    func `has an endpoint whose path and query are unchanged`(_ text: String, _ endpoint: String) {
        #expect(EndpointURL.proposal(for: text, ascii: Self.ascii)?.string ?? "" == endpoint)
    }
}
