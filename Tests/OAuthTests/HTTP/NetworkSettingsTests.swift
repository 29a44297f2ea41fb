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
        (["ALL_PROXY": "SOCKS5://[::1]:9050/"], .socksServer(host: "::1", port: 9050)),
        (
            ["HTTPS_PROXY": "HTTP://me:@proxy.example:8080/"],
            .server(host: "proxy.example", port: 8080, authorization: .basic(username: "me", password: ""))
        ),
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

    /// As curl reads `no_proxy`, and what other programs write into it.
    @Test(arguments: [
        ("10.0.0.0/8", "https://10.1.2.3/", true), ("10.0.0.0/8", "https://11.1.2.3/", false),
        ("192.168.4.0/22", "https://192.168.7.9/", true), ("192.168.4.0/22", "https://192.168.8.1/", false),
        ("10.0.0.0/8", "https://10.example.com/", false), ("10.0.0.1", "https://10.0.0.1/", true),
        ("0.0.1", "https://10.0.0.1/", false), ("10.0.0.1:8443", "https://10.0.0.1:8443/", true),
        ("10.0.0.0/33", "https://10.0.0.1/", false), ("10.0.0.0/x", "https://10.0.0.1/", false),
        ("0.0.0.0/0", "https://10.0.0.1/", true), ("10.0.0.1/32", "https://10.0.0.1/", true),
        ("2001:db8::/32", "https://[2001:db8:1::1]/", true), ("[2001:db8::]/32", "https://[2001:db8:1::1]/", true),
        ("2001:db8::1", "https://[2001:db8::1]/", true), ("[2001:db8::1]:8443", "https://[2001:db8::1]:8443/", true),
        ("[2001:db8::2]", "https://[2001:db8::1]/", false), ("10.0.0.0/8", "https://[2001:db8::1]/", false),
        ("*.example.com", "https://a.example.com/", true), ("EXAMPLE.com.", "https://a.example.com/", true),
        ("a.b,  c.d\te.f", "https://e.f/", true), ("x,*", "https://a.example/", true), (",, ", "https://a.b/", false),
        (".", "https://a.b/", false), ("example.com:443", "https://example.com/", true),
        ("example.com:8443", "https://example.com/", false),
    ])
    func `make exceptions for names, addresses and blocks of addresses`(
        exceptions: String, url: String, isDirect: Bool
    ) throws {
        for name in ["no_proxy", "NO_PROXY"] {
            let environment = ["https_proxy": "http://proxy.example:1", name: exceptions]
            #expect(try (proxy(for: url, environment) == nil) == isDirect)
        }
    }

    @Test func `make no exception for a part of a name`() throws {
        let environment = ["https_proxy": "http://proxy.example:1", "no_proxy": "example.com"]
        #expect(try proxy(for: "https://notexample.com/", environment) != nil)
        #expect(try proxy(for: "https://b.example.org/", ["no_proxy": "*", "https_proxy": "x"]) == nil)
    }

    @Test(arguments: [
        "ftp://proxy.example", "http://", "http://a b", "https://me:s3cret@proxy.example:1", "HTTPS://proxy.example",
        "socks5://me:s3cret@proxy.example:1", "socks4://proxy.example", "socks4a://p:1", "quic://p", "://p",
        "http://p:x",
    ])
    func `name the variable of a proxy that cannot be used, and do not bypass it`(value: String) throws {
        let url = try EndpointURL("https://a.example/")
        for name in ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            do throws(OAuthError) {
                _ = try NetworkSettings(environment: [name: value]).proxyAddress(for: url)
                Issue.record("\(value) was used")
            } catch {
                guard case .settingsUnknown(let reason, _?) = error else { Issue.record("\(error)"); continue }
                #expect(reason.hasPrefix(name + " ") && !reason.contains("s3cret"))
            }
        }
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
