import Addresses
import Testing

@testable import OAuth

@Suite struct `The identifier of a resource` {
    private func identifier(_ text: String) throws -> ResourceIdentifier {
        ResourceIdentifier(url: try EndpointURL(text))
    }

    @Test(arguments: [
        ("https://mcp.example.com", "https://mcp.example.com"),
        ("https://mcp.example.com/", "https://mcp.example.com"),
        ("HTTPS://MCP.Example.COM:443/Path", "https://mcp.example.com/Path"),
        ("https://mcp.example.com:8443/", "https://mcp.example.com:8443"),
        ("http://127.0.0.1:80/mcp", "http://127.0.0.1/mcp"),
        // This part may have a meaning, so it stays
        ("https://mcp.example.com/mcp/", "https://mcp.example.com/mcp/"),
        ("https://mcp.example.com/mcp?tenant=a", "https://mcp.example.com/mcp?tenant=a"),
        ("https://mcp.example.com/?tenant=a", "https://mcp.example.com?tenant=a"),
        ("https://mcp.example.com/%7Ea", "https://mcp.example.com/%7Ea"),
    ])
    func `has one canonical form`(url: String, canonical: String) throws {
        #expect(try identifier(url).canonical == canonical)
    }

    // RFC 9728 section 3.1: between the host and the path with query.
    @Test(arguments: [
        ("https://h", [""]),
        ("https://h/", [""]),
        ("https://h/mcp", ["/mcp", ""]),
        ("https://h/mcp/", ["/mcp/", ""]),
        ("https://h/a/b", ["/a/b", ""]),
        ("https://h/mcp?x=1", ["/mcp?x=1", ""]),
        ("https://h?x=1", ["?x=1", ""]),
        ("https://h/?x=1", ["?x=1", ""]),
    ])
    func `has its metadata at the standard's locations`(url: String, places: [String]) throws {
        let base = "https://h/.well-known/oauth-protected-resource"
        #expect(try identifier(url).metadataLocations == places.map { base + $0 })
    }

    @Test func `keeps its port in the location of its metadata`() throws {
        #expect(
            try identifier("http://127.0.0.1:8080/mcp").metadataLocations == [
                "http://127.0.0.1:8080/.well-known/oauth-protected-resource/mcp",
                "http://127.0.0.1:8080/.well-known/oauth-protected-resource",
            ])
    }

    @Test(arguments: [
        // The same URL
        ("https://h/mcp", "https://h/mcp"), ("https://h", "https://h/"), ("https://h/", "https://h"),
        ("https://h/mcp/", "https://h/mcp"), ("https://h/mcp", "https://h/mcp/"),
        ("https://h/mcp", "https://H:443/mcp"),
        ("https://h/mcp?x=1", "https://h/mcp?x=1"), ("https://h/?x=1", "https://h?x=1"),
        ("https://h/a/../b", "https://h/a/../b"),
        // URLs below a path, or on an origin
        ("https://h/mcp", "https://h"), ("https://h/mcp", "https://h/"), ("https://h/a/b/c", "https://h/a/b"),
        ("https://h/a/b/c", "https://h/a/"), ("https://h/mcp?x=1", "https://h/mcp"), ("https://h/mcp?x=1", "https://h"),
        ("http://127.0.0.1:8080/mcp", "http://127.0.0.1:8080"),
    ])
    func `is covered by itself and by its parents`(url: String, resource: String) throws {
        #expect(try identifier(url).isCovered(by: resource))
    }

    @Test(arguments: [
        // Another origin
        ("https://h/mcp", "https://other/mcp"), ("https://h/mcp", "https://h.evil/mcp"),
        ("https://h/mcp", "https://h:8443/mcp"),
        ("http://127.0.0.1/mcp", "https://127.0.0.1/mcp"), ("http://127.0.0.1/mcp", "http://localhost/mcp"),
        ("https://a.h/mcp", "https://h"),
        // A sibling, a child, or not at a segment boundary
        ("https://h/mcp", "https://h/other"), ("https://h/mcp", "https://h/mcp/a"), ("https://h/mcp2", "https://h/mcp"),
        ("https://h/mcp", "https://h/mc"), ("https://h/mcp", "https://h/MCP"), ("https://h", "https://h/mcp"),
        ("https://h/a%2Fb", "https://h/a/b"),
        // Another query
        ("https://h/mcp", "https://h/mcp?x=1"), ("https://h/mcp?x=1", "https://h/mcp?x=2"),
        ("https://h/mcp?x=1", "https://h/mcp?x=1&y"), ("https://h/a/b?x=1", "https://h/a?x=1"),
        // A server might resolve these paths to others
        ("https://h/a/../b", "https://h/a"), ("https://h/a/%2E%2e/b", "https://h/a"),
        ("https://h/a/..%2fb", "https://h/a"),
        ("https://h/a/b", "https://h/c/../a"), ("https://h/a/./b", "https://h/a"),
        ("https://h/a/..%5Cb", "https://h/a"),
        // Not a valid resource
        ("https://h/mcp", ""), ("https://h/mcp", "/mcp"), ("https://h/mcp", "//h/mcp"), ("https://h/mcp", "urn:h:mcp"),
        ("https://h/mcp", "http://h/mcp"), ("https://h/mcp", "https://h/mcp#a"), ("https://h/mcp", "https://u@h/mcp"),
        ("https://h/mcp", "https://h/mcp\u{200B}"), ("https://h/mcp", "https://h/mcp\n"),
        ("https://h/mcp", " https://h/mcp"),
    ])
    func `is not covered by anything else`(url: String, resource: String) throws {
        #expect(try !identifier(url).isCovered(by: resource))
    }
}
