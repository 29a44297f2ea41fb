import Testing

@testable import OAuth

@Suite struct `A redirect URI` {
    @Test(arguments: [
        ("http://127.0.0.1/callback", "http://127.0.0.1:4321/callback"), ("http://127.0.0.1", "http://127.0.0.1:4321"),
        ("http://127.0.0.1/", "http://127.0.0.1:4321/"), ("http://[::1]/cb", "http://[::1]:4321/cb"),
        ("http://localhost/cb", "http://localhost:4321/cb"), ("http://localhost:8085/cb", "http://localhost:4321/cb"),
    ])
    func `has the port of its listener`(text: String, uri: String) throws {
        #expect(try RedirectTemplate(text).uri(port: 4321) == uri)
    }

    @Test(arguments: [
        "http://127.0.0.1/callback", "http://127.0.0.1", "http://[::1]/cb", "http://localhost:8085/cb",
        "http://127.0.0.1:80/cb",
    ])
    func `stays as it is registered where nothing listens`(text: String) throws {
        #expect(try RedirectTemplate(text).uri(port: nil) == text)
    }

    // RFC 8252 section 7.3: some servers understand that the port may be any; others compare every byte.
    @Test(arguments: [
        (["http://127.0.0.1:4321/cb"], "http://127.0.0.1:4321/cb", [4321], false),
        (["http://127.0.0.1/cb"], "http://127.0.0.1/cb", [], false),
        (
            ["http://127.0.0.1/cb", "http://127.0.0.1:1/cb", "http://127.0.0.1:2/cb", "http://localhost/cb"],
            "http://127.0.0.1:1/cb", [1, 2], true
        ),
        (["http://127.0.0.1:1/cb", "http://127.0.0.1:2/other"], "http://127.0.0.1:1/cb", [1], false),
        (["https://app.example/cb", "http://localhost:7/cb"], "http://localhost:7/cb", [7], false),
    ])
    func `is made of those that are registered`(
        registered: [String], uri: String, ports: [Int], takesOtherPorts: Bool
    ) throws {
        let template = try #require(RedirectTemplate(registered: registered))
        #expect(template.uri(port: nil) == uri)
        #expect(template.ports == ports)
        #expect(template.takesOtherPorts == takesOtherPorts)
    }

    @Test(arguments: [[], ["https://app.example/cb", "app://cb"]])
    func `is not made of those that we cannot listen on`(registered: [String]) {
        #expect(RedirectTemplate(registered: registered) == nil)
    }

    @Test(arguments: [
        ("https://127.0.0.1/cb", RedirectTemplate.ParsingError.notALoopbackURL),
        ("http://example.com/cb", .notALoopbackURL), ("urn:ietf:wg:oauth:2.0:oob", .notALoopbackURL),
        ("http://127.0.0.2/cb", .unsupportedHost), ("http://127.0.0.1/cb?x=1", .query),
        ("http://127.0.0.1/cb#x", .notALoopbackURL),
    ])
    func `that we cannot listen on is refused`(text: String, reason: RedirectTemplate.ParsingError) {
        #expect(throws: reason) { try RedirectTemplate(text) }
    }
}
