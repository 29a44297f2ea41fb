import Addresses
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
                "https://login.example.com/t1/.well-known/oauth-authorization-server",
            ]
        ),
        (
            "https://login.example.com/a/b/",
            [
                "/oauth-authorization-server/a/b", "/openid-configuration/a/b",
                "https://login.example.com/a/b/.well-known/openid-configuration",
                "https://login.example.com/a/b/.well-known/oauth-authorization-server",
            ]
        ),
    ])
    func `tries the standards' locations in order, then the last one, and no others`(issuer: String, places: [String])
        async
    {
        let (result, asked) = await discover(issuer: issuer, [:])
        let answers = asked.map { MetadataAnswer(location: $0, answer: .status(404)) }
        #expect(result == .failure(.metadataNotFound(issuer: issuer, answers: answers)))
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

    private static let first = wellKnown + "/oauth-authorization-server"
    private static let second = wellKnown + "/openid-configuration"

    @Test(arguments: [
        ScriptedTransport.Answer.status(404), .status(400), .status(401), .status(410), .status(204), .status(429),
        .status(500), .status(503, fields: [(name: "Retry-After", value: "7")]), .json("{}"), .json("[]"),
        .json("null"), .json("{"), .json("{\"issuer\":7}"),
        .status(302, fields: [(name: "Location", value: "https://login.example.com/sign-in")]),
        .body("<!doctype html><p>Not here</p>", type: "text/html"),
        .body("{}", type: "application/json", fields: [(name: "Content-Encoding", value: "gzip")]),
        .failure(.tooLarge(host: "login.example.com", limit: 1)), .failure(.answerLost(host: "login.example.com")),
        .failure(.timedOut(host: "login.example.com", seconds: 15)),
        .json(Examples.document(issuer: "https://honest.example.com")),
        .json(Examples.document(without: "token_endpoint")),
        .json(Examples.document(["authorization_endpoint": "\"http://x.example/\""])),
        .json(Examples.document(without: "code_challenge_methods_supported")),
        .json(Examples.document(["code_challenge_methods_supported": "[\"plain\"]"])),
    ])
    func `tries the next location if there is no usable document`(answer: ScriptedTransport.Answer) async throws {
        let (result, asked) = await discover([
            Self.first: [answer], Self.second: [.json(Examples.document())],
        ])
        let metadata = try result.get()
        #expect(metadata.issuer == Examples.issuer)
        #expect(metadata.tokenEndpoint.string == "https://login.example.com/token")
        #expect(metadata.codeChallengeMethodsSupported?.contains("S256") == true)
        #expect(asked == [Self.first, Self.second])
        // If there is no usable document anywhere, the result says what each location answered.
        let (nothing, _) = await discover([Self.first: [answer], Self.second: [.status(404)]])
        switch nothing {
        case .success(let metadata): #expect(metadata.codeChallengeMethodsSupported?.contains("S256") != true)
        case .failure(.metadataNotFound(_, let answers)):
            #expect(answers.map(\.location) == [Self.first, Self.second])
            #expect(answers.last?.answer == .status(404))
        case .failure(let error): Issue.record("\(error)")
        }
    }

    @Test(arguments: ["text/html", "image/png", "application/octet-stream", nil])
    func `reads a document whatever its type is said to be`(type: String?) async throws {
        for start in ["", "\u{FEFF}", " \n", "\u{FEFF}\r\n"] {
            let (result, asked) = await discover([Self.first: [.body(start + Examples.document(), type: type)]])
            #expect(try result.get().issuer == Examples.issuer)
            #expect(asked == [Self.first])
        }
    }

    @Test func `reads a document in UTF-16`() async throws {
        let units = Array(("\u{FEFF}" + Examples.document()).utf16)
        for bytes in [
            units.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }, units.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] },
        ] {
            let response = HTTPResponse(status: 200, fields: [], body: Secret(bytes))
            let (result, _) = await discover([Self.first: [.response(response)]])
            #expect(try result.get().issuer == Examples.issuer)
        }
    }

    // A page of people's own may hold a document in its text.
    @Test(arguments: ["<pre>{}</pre>", "[{}]", "x {}", "callback({})"])
    func `finds no document in another text`(text: String) async throws {
        let (result, _) = await discover([
            Self.first: [.json(text.replacing("{}", with: Examples.document()))]
        ])
        #expect(throws: OAuthError.self) { try result.get() }
    }

    @Test(arguments: [
        OAuthError.unreachable(host: "h", reason: "x"),
        .untrusted(host: "h", reason: .expired), .addressTooNear(host: "h", resource: "r"), .cancelled,
    ])
    func `stops if the whole server cannot be asked`(error: OAuthError) async throws {
        let documents = [Self.second: [ScriptedTransport.Answer.json(Examples.document())]]
        let (result, asked) = await discover(documents.merging([Self.first: [.failure(error)]]) { $1 })
        #expect(result == .failure(error))
        #expect(asked == [Self.first])
        // An earlier document that suffices is used.
        let (found, _) = await discover([
            Self.first: [.json(Examples.document(without: "code_challenge_methods_supported"))],
            Self.second: [.failure(error)],
        ])
        #expect(try found.get().codeChallengeMethodsSupported == nil)
    }

    @Test func `leaves time for each next location`() async throws {
        let transport = ScriptedTransport([:])
        let discovery = Discovery(transport: SharedTime(transport))
        _ = try? await discovery.metadata(issuer: "https://login.example.com/t1")
        let limits = transport.requests.compactMap(\.deadline)
        #expect(limits.count == 4)
        #expect(limits.allSatisfy { $0 > .seconds(14) && $0 <= .seconds(15) })
        let late = SharedTime(transport, limit: .zero)
        _ = try await late.send(HTTPRequest(get: try EndpointURL(Examples.issuer)))
        #expect(transport.requests.last?.deadline == .seconds(1))
    }

    @Test func `a later document completes an earlier one of the same issuer only`() async throws {
        let half = Examples.document(["scopes_supported": "[\"a\"]"], without: "token_endpoint")
        let other = #"{"issuer":"\#(Examples.issuer)/","token_endpoint":"https://evil.example/token"}"#
        let (refused, _) = await discover([Self.first: [.json(half)], Self.second: [.json(other)]])
        #expect(throws: OAuthError.self) { try refused.get() }
        let rest = #"{"issuer":"\#(Examples.issuer)","token_endpoint":"https://login.example.com/t"}"#
        let (result, _) = await discover([Self.first: [.json(half)], Self.second: [.json(rest)]])
        #expect(try result.get().tokenEndpoint.path == "/t")
        #expect(try result.get().scopesSupported == ["a"])
    }

    @Test(
        arguments: [
            ([.status(404), .status(404)], nil), ([.json("{}"), .status(404)], nil),
            ([.status(404), .body("<p>", type: "text/html")], nil),
            (
                [.body("<p>", type: "text/html"), .body("<p>", type: "text/html")],
                .notJSON(host: "login.example.com", contentType: "text/html")
            ),
            (
                [.status(404), .status(502)],
                .unavailable(host: "login.example.com", status: 502, retryAfter: nil)
            ),
            (
                [.status(502), .json(Examples.document(issuer: "https://honest.example.com"))],
                .issuerMismatch(expected: Examples.issuer, found: "https://honest.example.com")
            ),
            (
                [.json(Examples.document(without: "token_endpoint")), .json("{}")],
                .missingEndpoint(member: "token_endpoint")
            ),
        ] as [([ScriptedTransport.Answer], OAuthError?)])
    func `the explanation of a failure is the most important one`(
        answers: [ScriptedTransport.Answer], expected: OAuthError?
    ) async {
        let (result, _) = await discover([Self.first: [answers[0]], Self.second: [answers[1]]])
        guard case .failure(let error) = result else { Issue.record("found"); return }
        #expect(error.explanation == expected)
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
