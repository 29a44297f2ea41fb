import AsyncHTTPClient
import Testing

@testable import OAuth

@Suite struct `The proxy of the environment` {
    private func proxy(
        for url: String, _ environment: [String: String]
    ) throws -> HTTPClient.Configuration.Proxy? {
        try ProxySettings(environment: environment).proxy(for: try EndpointURL(url))
    }

    @Test(arguments: [
        (
            ["https_proxy": "http://proxy.example:3128"],
            HTTPClient.Configuration.Proxy.server(host: "proxy.example", port: 3128)
        ),
        (["HTTPS_PROXY": "proxy.example:3128/"], .server(host: "proxy.example", port: 3128)),
        (["all_proxy": "http://proxy.example"], .server(host: "proxy.example", port: 1080)),
        (["https_proxy": "socks5h://127.0.0.1:9050"], .socksServer(host: "127.0.0.1", port: 9050)),
        (
            ["https_proxy": "http://me:p%40ss@proxy.example:1"],
            .server(host: "proxy.example", port: 1, authorization: .basic(username: "me", password: "p@ss"))
        ),
    ])
    func `carries what goes to other machines`(
        environment: [String: String], expected: HTTPClient.Configuration.Proxy
    ) throws {
        #expect(try proxy(for: "https://login.example.com/", environment) == expected)
    }

    @Test(arguments: [
        "http://127.0.0.1:8080/", "http://localhost/", "https://[::1]/", "https://a.example.com/",
        "https://example.com/", "https://b.example.org:8443/",
    ])
    func `never carries loopback and the exceptions`(url: String) throws {
        let environment = ["https_proxy": "http://proxy.example:1", "no_proxy": ".example.com, b.example.org:8443"]
        #expect(try proxy(for: url, environment) == nil)
    }

    @Test func `is not taken for an exception by half a name`() throws {
        let environment = ["https_proxy": "http://proxy.example:1", "no_proxy": "example.com"]
        #expect(try proxy(for: "https://notexample.com/", environment) != nil)
        #expect(try proxy(for: "https://b.example.org/", ["no_proxy": "*", "https_proxy": "x"]) == nil)
    }

    @Test(arguments: ["ftp://proxy.example", "http://", "http://a b"])
    func `is not gone round where it is not understood`(value: String) {
        #expect(throws: OAuthError.self) { try proxy(for: "https://a.example/", ["https_proxy": value]) }
    }
}
