import Addresses
import Testing

/// A service's URL and an endpoint's URL have the same grammar. A service's URL can fail to be an endpoint for two
/// reasons only.
@Suite struct `The URL of a service as an endpoint` {
    @Test(
        arguments: [
            "https://git.example.com", "https://my_host-1.example:8443/a%20b/c", "http://localhost:8080/a/%C3%BC",
            "http://[::1]/x", "https://[2001:DB8::A]/", "https://a.0xyz/", "https://git.example.com/'\"<>^`{|}",
        ])
    func `has the same origin`(text: String) throws {
        let service = try ServiceURL(text)
        let endpoint = try EndpointURL(service)
        #expect(endpoint.origin == service.origin)
        #expect(endpoint.string == service.description)
        #expect(endpoint.isLoopback == service.isLoopback)
    }

    @Test(
        arguments: [
            ("http://git.example.com", .httpOffLoopback), ("http://10.0.0.1", .httpOffLoopback),
            ("https://169.254.169.254", .invalidHost), ("https://0.0.0.0", .invalidHost),
            ("https://[fe80::1]", .invalidHost), ("https://[::ffff:192.0.2.1]", .invalidHost),
        ] as [(String, EndpointURL.ParsingError)])
    func `is refused without TLS, and at an address that no server can have`(
        text: String, reason: EndpointURL.ParsingError
    ) throws {
        let service = try ServiceURL(text)
        #expect(throws: reason) { try EndpointURL(service) }
    }

    @Test(
        arguments: [
            "a.0x", "a.0x7f", "0x7f.1", "127.1", "a..b", "-a.example", "[::1", "[::1]x", "[1::2::3]", "a:", "a:0443",
            "a:+1", "a:65536", "a:1:2", "a%2eb", "m\u{FC}ller.example", "",
        ])
    func `has a host and a port; if one of the two types refuses these, the other does too`(authority: String) {
        #expect(throws: ServiceURL.ParsingError.self) { try ServiceURL("https://\(authority)") }
        #expect(throws: EndpointURL.ParsingError.self) { try EndpointURL("https://\(authority)") }
    }
}
