import Addresses
import AsyncHTTPClient
import Testing

@testable import OAuth

@Suite struct `Network settings` {
    private func proxy(
        for url: String, _ environment: [String: String]
    ) throws -> HTTPClient.Configuration.Proxy? {
        try NetworkSettings(environment: environment).proxy(for: try EndpointURL(url))
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
    func `name the proxy for requests to other machines`(
        environment: [String: String], expected: HTTPClient.Configuration.Proxy
    ) throws {
        #expect(try proxy(for: "https://login.example.com/", environment) == expected)
    }

    @Test(arguments: [
        "http://127.0.0.1:8080/", "http://localhost/", "https://[::1]/", "https://a.example.com/",
        "https://example.com/", "https://b.example.org:8443/",
    ])
    func `use no proxy for loopback and the exceptions`(url: String) throws {
        let environment = ["https_proxy": "http://proxy.example:1", "no_proxy": ".example.com, b.example.org:8443"]
        #expect(try proxy(for: url, environment) == nil)
    }

    @Test func `make no exception for a part of a name`() throws {
        let environment = ["https_proxy": "http://proxy.example:1", "no_proxy": "example.com"]
        #expect(try proxy(for: "https://notexample.com/", environment) != nil)
        #expect(try proxy(for: "https://b.example.org/", ["no_proxy": "*", "https_proxy": "x"]) == nil)
    }

    @Test(arguments: ["ftp://proxy.example", "http://", "http://a b"])
    func `do not bypass an invalid proxy`(value: String) {
        #expect(throws: OAuthError.self) { try proxy(for: "https://a.example/", ["https_proxy": value]) }
    }

    /// An environment, and the proxy that it names.
    static let precedence: [([String: String], String?)] = [
        (["https_proxy": "a", "HTTPS_PROXY": "b", "all_proxy": "c"], "a"),
        (["HTTPS_PROXY": "b", "all_proxy": "c"], "b"),
        (["all_proxy": "c", "ALL_PROXY": "d"], "c"), (["ALL_PROXY": "d"], "d"),
        // Set but empty: the user wants no proxy
        (["https_proxy": "", "HTTPS_PROXY": "b"], nil), (["HTTPS_PROXY": "", "all_proxy": "c"], nil),
        // A proxy for requests without TLS, which keyfob never sends
        (["http_proxy": "e"], nil), ([:], nil),
    ]

    @Test(arguments: precedence)
    func `use the first variable that is set, as curl does`(_ environment: [String: String], _ host: String?) throws {
        #expect(try proxy(for: "https://login.example.com/", environment)?.host == host)
    }

    @Test func `trust the authorities of OpenSSL's variables instead of the system's`() {
        #expect(NetworkSettings(environment: ["SSL_CERT_FILE": "/ca.pem"]).authorities == "/ca.pem")
        #expect(NetworkSettings(environment: ["SSL_CERT_FILE": ""]).authorities == nil)
        // Not a file in the working directory
        #expect(NetworkSettings(environment: ["SSL_CERT_FILE": "ca.pem"]).authorities == "/ca.pem")
    }

    @Test func `list all variables that they read`() {
        let environment = Dictionary(uniqueKeysWithValues: NetworkSettings.variables.map { ($0, "x") })
        #expect(environment.count == 7)
        for name in NetworkSettings.variables {
            #expect(NetworkSettings(environment: [name: "x"]) != NetworkSettings(environment: [:]))
        }
    }
}
