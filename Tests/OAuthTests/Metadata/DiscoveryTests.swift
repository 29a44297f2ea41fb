import Secrets
import TestSupport
import Testing

@testable import OAuth

@Suite struct `Discovery of metadata` {
    private static let wellKnown = "https://login.example.com/.well-known"

    private func discover(
        issuer: String = Examples.issuer, _ scripts: [String: [ScriptedTransport.Answer]]
    ) async -> (Result<AuthorizationServerMetadata, OAuthError>, [String]) {
        let transport = ScriptedTransport(scripts)
        do {
            return (.success(try await Discovery(transport: transport).metadata(issuer: issuer)), transport.addresses)
        } catch {
            return (.failure(error), transport.addresses)
        }
    }

    // RFC 8414 sections 3.1 and 5. For an issuer with a path, the root is never requested: that document belongs to
    // another issuer.
    @Test(arguments: [
        (Examples.issuer, ["/oauth-authorization-server", "/openid-configuration"]),
        ("https://login.example.com/", ["/oauth-authorization-server", "/openid-configuration"]),
        (
            "https://login.example.com/t1",
            [
                "/oauth-authorization-server/t1", "/openid-configuration/t1",
                "https://login.example.com/t1/.well-known/openid-configuration",
            ]
        ),
        (
            "https://login.example.com/a/b/",
            [
                "/oauth-authorization-server/a/b", "/openid-configuration/a/b",
                "https://login.example.com/a/b/.well-known/openid-configuration",
            ]
        ),
    ])
    func `tries the standard's locations in order and no others`(issuer: String, places: [String]) async {
        let (result, asked) = await discover(issuer: issuer, [:])
        #expect(result == .failure(.metadataNotFound(issuer: issuer)))
        #expect(asked == places.map { $0.hasPrefix("https") ? $0 : Self.wellKnown + $0 })
    }

    @Test(arguments: [
        ("metadata-default", Examples.issuer, wellKnown + "/oauth-authorization-server"),
        ("metadata-var1", Examples.issuer, wellKnown + "/openid-configuration"),
        ("metadata-var2", "https://login.example.com/t1", wellKnown + "/openid-configuration/t1"),
        (
            "metadata-var3", "https://login.example.com/t1",
            "https://login.example.com/t1/.well-known/openid-configuration"
        ),
        ("github", "https://login.example.com/login/oauth", wellKnown + "/oauth-authorization-server/login/oauth"),
    ])
    func `finds the document`(scenario: String, issuer: String, place: String) async throws {
        let (result, asked) = await discover(issuer: issuer, [place: [.json(Examples.document(issuer: issuer))]])
        #expect(try result.get().issuer == issuer)
        #expect(asked.last == place)
    }

    @Test(arguments: [
        ScriptedTransport.Answer.status(404), .status(400), .status(401), .status(410), .status(204),
        .status(302, fields: [(name: "Location", value: "https://login.example.com/sign-in")]),
        .body("<!doctype html><p>Not here</p>", type: "text/html"),
    ])
    func `tries the next location if there is no document`(answer: ScriptedTransport.Answer) async throws {
        let (result, asked) = await discover([
            Self.wellKnown + "/oauth-authorization-server": [answer],
            Self.wellKnown + "/openid-configuration": [.json(Examples.document())],
        ])
        #expect(try result.get().issuer == Examples.issuer)
        #expect(asked.count == 2)
    }

    @Test(arguments: [
        (
            ScriptedTransport.Answer.status(503, fields: [(name: "Retry-After", value: "7")]),
            OAuthError.unavailable(host: "login.example.com", status: 503, retryAfter: 7)
        ),
        (.status(429), .unavailable(host: "login.example.com", status: 429, retryAfter: nil)),
        (
            .failure(.unreachable(host: "login.example.com", reason: "x")),
            .unreachable(host: "login.example.com", reason: "x")
        ),
        (.failure(.tooLarge(host: "login.example.com", limit: 1)), .tooLarge(host: "login.example.com", limit: 1)),
        // A document that exists but is invalid ends the search: an attacker who disturbs the first location must not
        // choose the second.
        (
            .json(Examples.document(issuer: "https://honest.example.com")),
            .issuerMismatch(expected: Examples.issuer, found: "https://honest.example.com")
        ),
        (
            .json(Examples.document(["token_endpoint": "\"http://x.example/\""])),
            .invalidEndpoint(member: "token_endpoint")
        ),
        (.json("{"), .malformed(host: "login.example.com", member: "JSON")),
        (
            .body("{}", type: "application/json", fields: [(name: "Content-Encoding", value: "gzip")]),
            .malformed(host: "login.example.com", member: "Content-Encoding")
        ),
    ])
    func `stops at the first invalid document or failure`(answer: ScriptedTransport.Answer, error: OAuthError) async {
        let (result, asked) = await discover([
            Self.wellKnown + "/oauth-authorization-server": [answer],
            Self.wellKnown + "/openid-configuration": [.json(Examples.document())],
        ])
        #expect(result == .failure(error))
        #expect(asked.count == 1)
    }

    @Test func `reports pages in place of documents`() async {
        let page = ScriptedTransport.Answer.body("<html>", type: "text/html; charset=utf-8")
        let (result, _) = await discover([
            Self.wellKnown + "/oauth-authorization-server": [page], Self.wellKnown + "/openid-configuration": [page],
        ])
        #expect(result == .failure(.notJSON(host: "login.example.com", contentType: "text/html")))
    }

    @Test(arguments: [
        "http://login.example.com", "https://login.example.com?x", "https://login.example.com/#f",
        "https://a@login.example.com", "login.example.com", "",
    ])
    func `sends nothing for an invalid issuer`(issuer: String) async {
        let (result, asked) = await discover(issuer: issuer, [:])
        #expect(result == .failure(.invalidEndpoint(member: "issuer")))
        #expect(asked.isEmpty)
    }
}
