import Addresses
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
    func `is sent as registered if nothing listens`(text: String) throws {
        #expect(try RedirectTemplate(text).uri(port: nil) == text)
    }

    @Test(arguments: [
        ("https://127.0.0.1/cb", RedirectTemplate.ParsingError.notALoopbackURL),
        ("http://example.com/cb", .notALoopbackURL), ("urn:ietf:wg:oauth:2.0:oob", .notALoopbackURL),
        ("http://127.0.0.2/cb", .unsupportedHost), ("http://127.0.0.1/cb?x=1", .query),
        ("http://127.0.0.1/cb#x", .notALoopbackURL),
    ])
    func `on which keyfob cannot listen is refused`(text: String, reason: RedirectTemplate.ParsingError) {
        #expect(throws: reason) { try RedirectTemplate(text) }
    }
}
