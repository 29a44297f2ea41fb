import Addresses
import Secrets
import TestSupport
import Testing

@testable import OAuth

private typealias Answer = ScriptedTransport.Answer

private let resource = "https://mcp.example.com/mcp"
private let wellKnown = "https://mcp.example.com/.well-known/oauth-protected-resource"
private let elsewhere = "https://mcp.example.com/meta"

/// A valid document. `changes` replaces or adds members, each a piece of JSON.
private func document(_ changes: [String: String] = [:], without removed: String? = nil) -> Answer {
    var members = [
        "resource": "\"\(resource)\"", "authorization_servers": "[\"https://login.example.com\"]",
    ]
    for (name, value) in changes { members[name] = value }
    if let removed { members[removed] = nil }
    return .json("{" + members.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}")
}

private let honest = ProtectedResourceMetadata(
    resource: resource, authorizationServers: ["https://login.example.com"], dpopBoundAccessTokensRequired: false)

private func discover(
    _ scripts: [String: [Answer]], of url: String = resource, advertised: String? = nil
) async throws -> (Result<ProtectedResourceMetadata?, OAuthError>, [String]) {
    let transport = ScriptedTransport(scripts)
    let url = try EndpointURL(url)
    do throws(OAuthError) {
        let metadata = try await ResourceDiscovery(transport: transport).metadata(of: url, advertised: advertised)
        return (.success(metadata?.metadata), transport.addresses)
    } catch {
        return (.failure(error), transport.addresses)
    }
}

@Suite struct `Discovery from a resource` {
    @Test(
        arguments: [
            // prm-pathbased-requested
            (nil, [wellKnown + "/mcp", wellKnown]),
            // prm-priority-order
            (elsewhere, [elsewhere, wellKnown + "/mcp", wellKnown]),
            (wellKnown, [wellKnown, wellKnown + "/mcp"]),
            (wellKnown + "/mcp", [wellKnown + "/mcp", wellKnown]),
        ] as [(String?, [String])])
    func `tries the advertised location, then with the path, then without, each once`(
        advertised: String?, places: [String]
    ) async throws {
        let (result, asked) = try await discover([:], advertised: advertised)
        #expect(result == .success(nil))
        #expect(asked == places)
        for (index, place) in places.enumerated() {
            let (result, asked) = try await discover([place: [document()]], advertised: advertised)
            #expect(result == .success(honest))
            #expect(asked == Array(places[...index]))
        }
    }

    @Test(arguments: [
        Answer.status(404), .status(400), .status(401), .status(403), .status(405), .status(410), .status(204),
        .status(302, fields: [(name: "Location", value: "https://mcp.example.com/sign-in")]),
        .body("<!doctype html><p>Welcome</p>", type: "text/html"), .json("{}"), .json("[]"),
        document(without: "resource"), document(["resource": "null"]),
        .failure(.tooLarge(host: "mcp.example.com", limit: 1)),
    ])
    private func `tries the next location if there is no document`(answer: Answer) async throws {
        let (result, asked) = try await discover([wellKnown + "/mcp": [answer], wellKnown: [document()]])
        #expect(result == .success(honest))
        #expect(asked.count == 2)
        let (nothing, _) = try await discover([wellKnown + "/mcp": [answer], wellKnown: [answer]])
        #expect(nothing == .success(nil))
    }

    @Test(arguments: [
        (
            Answer.status(302, fields: [(name: "Location", value: "/")]),
            OAuthError.redirected(host: "mcp.example.com", status: 302)
        ),
        (.body("<p>", type: "text/html"), .notJSON(host: "mcp.example.com", contentType: "text/html")),
    ])
    private func `reports what was wrong at the advertised location if nothing else is found`(
        answer: Answer, error: OAuthError
    ) async throws {
        let (result, asked) = try await discover([elsewhere: [answer]], advertised: elsewhere)
        #expect(result == .failure(error))
        #expect(asked.count == 3)
        let (found, _) = try await discover([elsewhere: [answer], wellKnown: [document()]], advertised: elsewhere)
        #expect(found == .success(honest))
    }

    @Test(arguments: [
        (
            Answer.status(503, fields: [(name: "Retry-After", value: "7")]),
            OAuthError.unavailable(host: "mcp.example.com", status: 503, retryAfter: 7)
        ),
        (.status(429), .unavailable(host: "mcp.example.com", status: 429, retryAfter: nil)),
        (.failure(.answerLost(host: "mcp.example.com")), .answerLost(host: "mcp.example.com")),
        (.json("{"), .malformed(host: "mcp.example.com", member: "JSON")),
        (document(["resource": "7"]), .malformed(host: "mcp.example.com", member: "resource")),
        (
            document(["authorization_servers": "[7]"]),
            .malformed(host: "mcp.example.com", member: "authorization_servers")
        ),
        // resource-mismatch
        (
            document(["resource": "\"https://other.example.com/mcp\""]),
            .resourceMismatch(
                requested: resource, found: "https://other.example.com/mcp", server: "https://login.example.com")
        ),
        (
            document(["resource": "\"https://mcp.example.com/\\u001b[2Jmcp\""]),
            .resourceMismatch(
                requested: resource, found: "https://mcp.example.com/\u{FFFD}[2Jmcp",
                server: "https://login.example.com")
        ),
    ])
    private func `reports an invalid document or an outage if no other location has a document`(
        answer: Answer, error: OAuthError
    ) async throws {
        let (result, asked) = try await discover([wellKnown + "/mcp": [answer]])
        #expect(result == .failure(error))
        #expect(asked == [wellKnown + "/mcp", wellKnown])
        let (found, _) = try await discover([wellKnown + "/mcp": [answer], wellKnown: [document()]])
        #expect(found == .success(honest))
    }

    @Test(arguments: ["[7, \"https://login.example.com\", null]", "\"https://login.example.com\""])
    func `names its servers in a list that may hold other things`(list: String) async throws {
        let (found, _) = try await discover([wellKnown + "/mcp": [document(["authorization_servers": list])]])
        #expect(found == .success(honest))
    }

    @Test(arguments: [
        (Answer.failure(.unreachable(host: "h", reason: "x")), OAuthError.unreachable(host: "h", reason: "x")),
        (document(["dpop_bound_access_tokens_required": "true"]), .proofOfPossessionRequired(resource: resource)),
        (document(["dpop_bound_access_tokens_required": "\"true\""]), .proofOfPossessionRequired(resource: resource)),
        (document(["bearer_methods_supported": "[\"body\"]"]), .bearerHeaderUnsupported(resource: resource)),
        (document(["bearer_methods_supported": "[]"]), .bearerHeaderUnsupported(resource: resource)),
    ])
    private func `stops if the resource cannot be asked, or accepts no token of ours`(
        answer: Answer, error: OAuthError
    ) async throws {
        let (result, asked) = try await discover([wellKnown + "/mcp": [answer], wellKnown: [document()]])
        #expect(result == .failure(error))
        #expect(asked == [wellKnown + "/mcp"])
    }

    @Test(arguments: [
        "https://evil.example/.well-known/oauth-protected-resource", "https://mcp.example.com:8443/meta",
        "https://mcp.example.com.evil.example/meta", "https://login.example.com/meta", "http://127.0.0.1/meta",
    ])
    func `never goes to another origin`(advertised: String) async throws {
        let found = try EndpointURL(advertised).origin
        let (result, asked) = try await discover([advertised: [document()]], advertised: advertised)
        #expect(result == .failure(.resourceMetadataElsewhere(resource: "https://mcp.example.com", found: found)))
        #expect(asked == [wellKnown + "/mcp", wellKnown])
        let (known, _) = try await discover(
            [advertised: [document()], wellKnown: [document()]], advertised: advertised)
        #expect(known == .success(honest))
    }

    @Test(arguments: [
        "", "/meta", "//mcp.example.com/meta", "http://mcp.example.com/meta", "javascript:alert(1)",
        "file:///etc/passwd",
        "https://169.254.169.254/latest/meta-data", "https://[fe80::1]/", "https://u:p@mcp.example.com/meta",
        "https://0x7f.1/",
    ])
    func `never goes to an invalid URL`(advertised: String) async throws {
        let (result, asked) = try await discover([:], advertised: advertised)
        #expect(result == .failure(.invalidEndpoint(member: "resource_metadata")))
        #expect(asked == [wellKnown + "/mcp", wellKnown])
        let (found, _) = try await discover([wellKnown: [document()]], advertised: advertised)
        #expect(found == .success(honest))
    }
}

@Suite struct `Metadata of a resource` {
    private func metadata(_ changes: [String: String], without removed: String? = nil) async throws
        -> ProtectedResourceMetadata?
    {
        try await discover([wellKnown + "/mcp": [document(changes, without: removed)]]).0.get()
    }

    @Test func `are parsed with everything that a login needs`() async throws {
        let found = try await metadata([
            "authorization_servers": "[\"https://b.example\", \"https://a.example/t1\"]",
            "scopes_supported": "[\"files:read\", \"files:write\"]",
            "bearer_methods_supported": "[\"header\", \"body\"]",
            "dpop_bound_access_tokens_required": "false", "resource_name": "\"Files\"", "x": "{\"y\": [1]}",
        ])
        #expect(
            found
                == ProtectedResourceMetadata(
                    resource: resource, authorizationServers: ["https://b.example", "https://a.example/t1"],
                    scopesSupported: ["files:read", "files:write"], bearerMethodsSupported: ["header", "body"],
                    dpopBoundAccessTokensRequired: false))
    }

    @Test(arguments: ["https://mcp.example.com", "https://mcp.example.com/", "https://mcp.example.com/mcp/"])
    func `keep the resource's own name byte for byte`(name: String) async throws {
        #expect(try await metadata(["resource": "\"\(name)\""])?.resource == name)
    }

    @Test func `may have the resource in a list of one element, but not more`() async throws {
        #expect(try await metadata(["resource": "[\"\(resource)\"]"]) == honest)
        for list in ["[]", "[\"\(resource)\", \"\(resource)\"]", "[\"\(resource)\", \"https://evil.example\"]"] {
            await #expect(throws: OAuthError.malformed(host: "mcp.example.com", member: "resource")) {
                try await metadata(["resource": list])
            }
        }
    }

    @Test(
        arguments: [
            ("[]", nil), ("null", nil), ("[\"a\"]", ["a"]), ("[\"a b\", \"c\"]", ["c"]), ("[\"\", \"a\\u0007\"]", nil),
        ] as [(String, [String]?)])
    func `have scopes or none`(json: String, scopes: [String]?) async throws {
        #expect(try await metadata(["scopes_supported": json])?.scopesSupported == scopes)
    }

    @Test(arguments: ["authorization_servers", "bearer_methods_supported", "scopes_supported"])
    func `may have a text in place of a list`(member: String) async throws {
        let text = member == "bearer_methods_supported" ? "header" : "https://login.example.com"
        let found = try await metadata([member: "\"\(text)\""])
        #expect(found?.authorizationServers == ["https://login.example.com"])
        #expect(found?.scopesSupported == (member == "scopes_supported" ? [text] : nil))
    }

    @Test func `that name no authorization server are ignored`() async throws {
        #expect(try await metadata([:], without: "authorization_servers") == nil)
        #expect(try await metadata(["authorization_servers": "[]"]) == nil)
    }

    @Test(arguments: ["\"eyJhbGciOiJub25lIn0.e30.\"", "\"x\"", "7", "null"])
    func `are the same with signed metadata as without`(signed: String) async throws {
        #expect(try await metadata(["signed_metadata": signed]) == honest)
    }
}

@Suite struct `The challenge of a resource` {
    private func fields(_ answer: Answer) async throws -> [String] {
        let transport = ScriptedTransport([resource: [answer]])
        return try await ResourceDiscovery(transport: transport).challengeFields(of: try EndpointURL(resource))
    }

    @Test(arguments: [401, 403])
    func `has every field of that name, in order`(status: Int) async throws {
        let answer = Answer.status(
            status,
            fields: [
                (name: "WWW-Authenticate", value: "Basic realm=a"), (name: "X", value: "y"),
                (name: "www-authenticate", value: "Bearer"),
            ])
        #expect(try await fields(answer) == ["Basic realm=a", "Bearer"])
    }

    @Test(arguments: [200, 204, 301, 302, 400, 404, 405, 407, 429, 500, 503])
    func `is empty with another status`(status: Int) async throws {
        #expect(try await fields(.status(status, fields: [(name: "WWW-Authenticate", value: "Bearer")])) == [])
    }

    @Test func `is empty on a page that is too long`() async throws {
        #expect(try await fields(.failure(.tooLarge(host: "h", limit: 1))) == [])
    }

    @Test func `cannot be fetched from an unreachable server`() async throws {
        await #expect(throws: OAuthError.unreachable(host: "h", reason: "x")) {
            try await fields(.failure(.unreachable(host: "h", reason: "x")))
        }
    }

    @Test func `is requested without a token`() async throws {
        let transport = ScriptedTransport([:])
        _ = try await ResourceDiscovery(transport: transport).challengeFields(of: try EndpointURL(resource))
        let request = try #require(transport.requests.first)
        #expect(request.method == .get && request.authorization == nil && request.form == nil)
    }
}
