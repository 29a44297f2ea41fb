import Addresses
import Testing

@Suite struct `The URL of an endpoint` {
    struct Accepted: Sendable, CustomTestStringConvertible {
        var text: String
        var host: String
        var port: Int
        var path: String
        var query: String?
        var testDescription: String { text }

        init(_ text: String, _ host: String, _ port: Int, _ path: String, _ query: String? = nil) {
            (self.text, self.host, self.port, self.path, self.query) = (text, host, port, path, query)
        }
    }

    @Test(arguments: [
        Accepted("https://login.example.com", "login.example.com", 443, ""),
        Accepted("https://login.example.com/", "login.example.com", 443, "/"),
        Accepted("https://LOGIN.Example.com/Token", "login.example.com", 443, "/Token"),
        Accepted("HTTPS://a.example/x", "a.example", 443, "/x"),
        Accepted("https://a.example:8443/t?tenant=a", "a.example", 8443, "/t", "tenant=a"),
        Accepted("https://a.example?tenant=a", "a.example", 443, "", "tenant=a"),
        Accepted("https://a.example/%7Euser/", "a.example", 443, "/%7Euser/"),
        Accepted("https://192.0.2.7/", "192.0.2.7", 443, "/"),
        Accepted("https://[2001:db8::1]:444/x", "[2001:db8::1]", 444, "/x"),
        Accepted("https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443, "/"),
        // Plain http only on this machine.
        Accepted("http://localhost:8080/token", "localhost", 8080, "/token"),
        Accepted("http://127.0.0.1/token", "127.0.0.1", 80, "/token"),
        Accepted("http://127.8.9.10:1/", "127.8.9.10", 1, "/"),
        Accepted("http://[::1]:65535/", "[::1]", 65_535, "/"),
    ])
    func `is kept as given and split into its parts`(accepted: Accepted) throws {
        let url = try EndpointURL(accepted.text)
        #expect(url.string == accepted.text)
        #expect(url.host == accepted.host)
        #expect(url.port == accepted.port)
        #expect(url.path == accepted.path)
        #expect(url.query == accepted.query)
    }

    @Test(
        arguments: [
            ("", .notHTTPS), ("example.com", .notHTTPS), ("//example.com/", .notHTTPS), ("/token", .notHTTPS),
            ("file:///bin/sh", .notHTTPS), ("javascript:alert(1)", .notHTTPS), ("--help", .notHTTPS),
            ("https:/example.com", .notHTTPS), ("ftp://example.com/", .notHTTPS),
            // Not loopback, and names that only look like loopback.
            ("http://example.com/", .httpOffLoopback), ("http://localhost.example.com/", .httpOffLoopback),
            ("http://127.0.0.1.example.com/", .httpOffLoopback), ("http://192.168.0.1/", .httpOffLoopback),
            ("https://a@b.example/", .userInformation), ("https://a:b@b.example/", .userInformation),
            ("https://a.example/#f", .fragment),
            // Characters that a shell, a terminal or a header could misinterpret.
            ("https://a.example/\n", .forbiddenCharacter), ("https://a.example/ b", .forbiddenCharacter),
            ("https://a.example/\u{1B}[2J", .forbiddenCharacter),
            ("https://a.example\\@b.example/", .forbiddenCharacter),
            ("https://a.example/`id`", .forbiddenCharacter), ("https://a.example/é", .forbiddenCharacter),
            ("https://a.example/%", .invalidPercentEncoding), ("https://a.example/%4", .invalidPercentEncoding),
            ("https://a.example/%zz", .invalidPercentEncoding),
            ("https://", .invalidHost), ("https:///x", .invalidHost), ("https://:443/", .invalidHost),
            ("https://a..example/", .invalidHost), ("https://-a.example/", .invalidHost),
            ("https://a%2Eexample/", .invalidHost), ("https://[::1", .invalidHost), ("https://[::zz]/", .invalidHost),
            ("https://a.example:/", .invalidPort), ("https://a.example:0/", .invalidPort),
            ("https://a.example:65536/", .invalidPort), ("https://a.example:8x/", .invalidPort),
            ("https://[::1]x:1/", .invalidPort), ("https://a.example:+44/", .invalidPort),
            // Unusual spellings of addresses, and addresses that no authorization server has.
            ("https://0x7f.1/", .invalidHost), ("https://127.1/", .invalidHost), ("https://2130706433/", .invalidHost),
            ("https://0177.0.0.1/", .invalidHost), ("https://0x7f000001/", .invalidHost),
            ("https://0.0.0.0/", .invalidHost), ("https://169.254.169.254/latest", .invalidHost),
            ("https://224.0.0.1/", .invalidHost), ("https://[::]/", .invalidHost),
            ("https://[::ffff:127.0.0.1]/", .invalidHost), ("https://[fe80::1]/", .invalidHost),
            ("https://[ff02::1]/", .invalidHost), ("https://[64:ff9b::7f00:1]/", .invalidHost),
        ] as [(String, EndpointURL.ParsingError)])
    func `is refused if it is invalid or ambiguous`(text: String, reason: EndpointURL.ParsingError) {
        #expect(throws: reason) { try EndpointURL(text) }
    }

    @Test(arguments: [
        ("https://a.example:443/x", "https://a.example"), ("https://A.example/x?y", "https://a.example"),
        ("https://a.example:444", "https://a.example:444"), ("http://127.0.0.1:80/", "http://127.0.0.1"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
    ])
    func `has an origin without its scheme's default port`(text: String, origin: String) throws {
        #expect(try EndpointURL(text).origin == origin)
    }

    @Test(arguments: [
        ("https://localhost/", true), ("https://127.255.0.1/", true), ("https://[::1]/", true),
        ("https://[0:0:0:0:0:0:0:1]/", true), ("https://a.example/", false), ("https://128.0.0.1/", false),
    ])
    func `recognizes loopback`(text: String, isLoopback: Bool) throws {
        #expect(try EndpointURL(text).isLoopback == isLoopback)
    }
}
