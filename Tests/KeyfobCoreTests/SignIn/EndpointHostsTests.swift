import Addresses
import CredentialProtocol
import OAuth
import Testing

@testable import KeyfobCore

/// The hosts to which a sign-in sends the user, codes and secrets: RFC 9700 section 4.4.
@Suite struct `The hosts of a sign-in` {
    private static let issuer = "https://login.example.com"

    private static func foreign(
        _ urls: [String], issuer: String = issuer, _ change: (inout Account) throws -> Void = { _ in }
    ) throws -> [String] {
        let account = try Account.example { account in
            (account.server, account.reach) = (.issuer(issuer), .service)
            try change(&account)
        }
        return try EndpointHosts(of: account, issuer: issuer).foreign(among: try urls.map { try EndpointURL($0) })
    }

    @Test(arguments: [
        "https://login.example.com/token", "https://LOGIN.example.com/token", "https://login.example.com:443/token",
    ])
    func `are the issuer's own`(url: String) throws {
        #expect(try Self.foreign([url]).isEmpty)
    }

    @Test(arguments: [
        ("https://tokens.example.com/t", "tokens.example.com"), ("https://example.com/t", "example.com"),
        ("https://login.example.com.evil.example/t", "login.example.com.evil.example"),
        ("https://login.example.com:8443/t", "login.example.com:8443"),
        ("https://login.example.co/t", "login.example.co"),
        ("https://xlogin.example.com/t", "xlogin.example.com"), ("https://login.example.com./t", "login.example.com."),
    ])
    func `exclude similar hosts`(url: String, host: String) throws {
        guard let parsed = try? EndpointURL(url) else { return }  // Not an endpoint at all.
        #expect(parsed.authority == host)
        #expect(try Self.foreign([url]) == [host])
    }

    @Test func `differ by port on this machine, because another user may listen on another port`() throws {
        let urls = ["http://127.0.0.1:4711/t", "http://127.0.0.1:4712/t", "http://localhost:4711/t"]
        #expect(try Self.foreign(urls, issuer: "http://127.0.0.1:4711") == ["127.0.0.1:4712", "localhost:4711"])
    }

    @Test func `include those that the user has accepted; each other host is named once`() throws {
        let urls = ["https://a.example/1", "https://b.example/", "https://a.example/2", Self.issuer + "/t"]
        #expect(try Self.foreign(urls) == ["a.example", "b.example"])
        #expect(try Self.foreign(urls) { $0.endpointHosts = ["a.example"] } == ["b.example"])
        #expect(try Self.foreign(urls) { $0.endpointHosts = ["b.example", "a.example"] }.isEmpty)
    }

    @Test(arguments: [
        ("https://accounts.google.com", "https://oauth2.googleapis.com/token", true),
        ("https://accounts.google.com", "https://www.google.com/device", true),
        ("https://accounts.google.com", "https://googleapis.com/token", false),
        ("https://login.microsoftonline.com/t/v2.0", "https://microsoft.com/devicelogin", true),
        ("https://evil.example", "https://oauth2.googleapis.com/token", false),
        ("https://evil.example", "https://microsoft.com/devicelogin", false),
    ])
    func `include those that a well-known issuer documents, only for this issuer`(
        issuer: String, url: String, isKnown: Bool
    ) throws {
        #expect(try Self.foreign([url], issuer: issuer).isEmpty == isKnown)
    }

    @Test func `are not limited if the user has configured the server`() throws {
        #expect(try Self.foreign(["https://tokens.example.com/t"]) { $0.reach = nil }.isEmpty)
    }

    @Test func `are an error without an issuer`() throws {
        let account = try Account.example { ($0.server, $0.reach) = (.issuer(Self.issuer), .service) }
        #expect(throws: OAuthError.invalidEndpoint(member: "issuer")) {
            _ = try EndpointHosts(of: account, issuer: nil)
        }
    }
}
