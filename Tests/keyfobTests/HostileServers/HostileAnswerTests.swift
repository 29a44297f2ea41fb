import AuthorizationServer
import FoundationEssentials
import TestSupport
import Testing

/// Answers that try to inject a line into another protocol, redirect secrets, or fill the memory.
///
/// The result: no standard output, one error line, nothing stored, and little memory used.
@Suite(.timeLimit(.withTurns)) struct `A hostile server's answer` {
    /// In kilobytes, whatever the server sends. A sanitizer (Tests/sanitize) needs its own memory in addition.
    private static let mostMemory =
        ProcessInfo.processInfo.environment["KEYFOB_SANITIZE"] == nil ? 100 * 1024 : 1024 * 1024

    /// Signs in at a server that answers at `path` as in the row, and checks the effects.
    private static func checkLogin(_ row: FailureRow, at path: String, _ bench: FailureBench) async throws {
        bench.fail(path, with: row.answer)
        let (result, memory) = try await bench.session.measured(
            ["git-credential-keyfob", "get"], bench.session.question(about: bench.server))
        row.check(result)
        expectHarmless(result)
        #expect(memory < Self.mostMemory)
        #expect(try await bench.session.run(["keyfob", "status"]).output == "not signed in anywhere\n")
    }

    // MARK: A token with more than a token

    /// As written in JSON.
    private static let characters = [
        #"\n"#, #"\r"#, #"\r\n"#, #"\u0000"#, #"\u001b[2J"#, #"\t"#, " ", #"\u007f"#, #"\u0085"#, #"\u00a0"#,
        #"\u2028"#,
        #"\u2029"#, #"\u202e"#, "é", "\u{1F511}",
    ]

    private static let wantsNoToken = FailureRow(
        testDescription: "", status: 77, says: "no access token, or one with invalid characters",
        hint: "its code cannot be used again")

    @Test(.counted(.hostileServers), arguments: characters)
    func `adds no line to the answer to git`(character: String) async throws {
        try await FailureBench.run { bench in
            var row = Self.wantsNoToken
            row.answer = .json(
                #"{"access_token":"x\#(character)host=evil.example","token_type":"Bearer","expires_in":60}"#)
            try await Self.checkLogin(row, at: "/token", bench)
        }
    }

    @Test(.counted(.hostileServers), arguments: [#"\n"#, #"\u0000"#, #"\u2028"#])
    func `adds no line to the keyring, and none at a refresh`(character: String) async throws {
        try await FailureBench.run { bench in
            let token = try await bench.signIn()
            try await bench.erase(token)
            let text = "x\(character)host=evil.example"
            bench.fail("/token", with: .json(#"{"access_token":"\#(text)","token_type":"Bearer"}"#))
            var row = Self.wantsNoToken
            row.hint = "run: keyfob login"
            let refused = try await bench.get()
            row.check(refused)
            expectHarmless(refused)
            // A refresh token that cannot be used is ignored, so the earlier one stays.
            bench.fail("/token", once: [.json(#"{"access_token":"good","refresh_token":"\#(text)"}"#)])
            let result = try await bench.get()
            #expect(result.output.password == "good")
            expectHarmless(result)
            try await bench.erase("good")
            // The earlier grant is unchanged.
            bench.server.intercept(nil)
            #expect(try await bench.get().status == 0)
        }
    }

    @Test(.counted(.hostileServers))
    func `gives no token that is too long for a line`() async throws {
        try await FailureBench.run { bench in
            let long = String(repeating: "x", count: 65_000)
            bench.fail("/token", with: .json(#"{"access_token":"\#(long)","token_type":"Bearer"}"#))
            let result = try await bench.get(asking: true)
            // Either the complete token or nothing.
            #expect(result.output.password == long || result.stdout.isEmpty)
            #expect((result.status == 0) == (result.output.password == long))
        }
    }

    // MARK: A redirect of secrets

    /// The requests that carry secrets, and what causes them.
    enum Request: String, Sendable, CaseIterable {
        case metadata = "/.well-known/"
        case registration = "/register"
        case pushedRequest = "/par"
        case exchange = "/token"
        case refresh = "/token?refresh"
        case revocation = "/revoke"

        var path: String { String(rawValue.prefix { $0 != "?" }) }
    }

    @Test(.counted(.hostileServers), arguments: [301, 302, 303, 307, 308], Request.allCases)
    func `sends no request on to another server`(status: Int, request: Request) async throws {
        try await AuthorizationServer(.signingInAtOnce).run { other in
            try await FailureBench.run(.registered, { $0.pushedRequests = .required }) { bench in
                let isLater = request == .refresh || request == .revocation
                let token = isLater ? try await bench.signIn() : ""
                bench.fail(request.path, with: .redirect(status, to: other.origin + request.path))
                switch request {
                case .refresh:
                    try await bench.erase(token)
                    _ = try await bench.get()
                case .revocation: _ = try await bench.session.run(["keyfob", "logout", bench.service])
                default: _ = try await bench.login()
                }
                let log = bench.server.requestLog
                #expect(log.contains { $0.path.hasPrefix(request.path) && $0.status == status })
                #expect(other.requestLog.isEmpty)
            }
        }
    }

    // MARK: Too much, too deep, repeated members

    private static let chunk = [UInt8](repeating: UInt8(ascii: " "), count: 1 << 20)

    private static func json(_ bytes: [UInt8]) -> ScriptedResponse {
        ScriptedResponse(status: 200, headers: [("Content-Type", "application/json")], body: bytes)
    }

    private static func row(_ name: String, _ answer: ScriptedResponse, _ says: String) -> FailureRow {
        FailureRow(testDescription: name, answer: answer, says: says)
    }

    private static func members(_ count: Int) -> String {
        "{" + (0..<count).map { "\"m\($0)\":1" }.joined(separator: ",") + "}"
    }

    private static func nested(_ depth: Int) -> String {
        #"{"a":"# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
    }

    private static func compressed(_ coding: String) -> ScriptedResponse {
        var answer = json([0x1F, 0x8B, 0x08, 0, 0, 0, 0, 0, 0, 3, 0xAB, 0xAE, 5, 0, 0x43, 0xBF, 0xA6, 0xA3, 2, 0, 0, 0])
        answer.headers.append(("Content-Encoding", coding))
        return answer
    }

    /// An empty object (RFC 7932).
    private static var brotli: ScriptedResponse {
        var answer = json([0x0B, 0x00, 0x80, 0x7B, 0x7D, 0x03])
        answer.headers.append(("Content-Encoding", "br"))
        return answer
    }

    /// 300,002 bytes in 329 (RFC 1952): blanks and an object.
    private static var bomb: ScriptedResponse {
        var answer = json(
            [
                0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xED, 0xC1, 0x01, 0x0D, 0x00, 0x00, 0x0C,
                0x02, 0xA0, 0x2A, 0xF6, 0x74, 0x76, 0x7F, 0x8F, 0x0F, 0x48,
            ] + [UInt8](repeating: 0, count: 290)
                + [0xE0, 0x8F, 0xEE, 0x00, 0x5A, 0xFB, 0xBD, 0x7E, 0xE2, 0x93, 0x04, 0x00])
        answer.headers.append(("Content-Encoding", "gzip"))
        return answer
    }

    private static let broken = "sent an invalid answer"

    /// At any endpoint that answers with JSON.
    static let documents: [FailureRow] = [
        row("a gibibyte", json(chunk).delivered(.repeated(1024)), "sent more than"),
        row("a million members", .json(members(1_000_000)), "sent more than"),
        row("a hundred thousand levels", .json(nested(100_000)), "sent"),
        row("33 levels", .json(nested(32)), broken),
        row("gzip", compressed("gzip"), broken), row("a bomb", bomb, "sent more than"),
        row("br", brotli, broken), row("deflate, gzip", compressed("deflate, gzip"), broken),
        row("a member twice", .json(#"{"access_token":"a","issuer":"a","access_token":"b","issuer":"b"}"#), broken),
        row(
            "a member twice, in escapes",
            .json(#"{"issuer":"a","\u0069ssuer":"b","token_type":"a","token\u005ftype":"b"}"#), broken),
        row("not UTF-8", json(Array(#"{"a":""#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8)), broken),
        row("UTF-16", json([0xFF, 0xFE, 0x7B, 0, 0x7D, 0]), "did not answer with JSON"),
        row("a control character", json(Array("{\"a\":\"\u{1}\"}".utf8)), broken),
        row("two objects", .json("{}{}"), broken),
        row("a list", .json("[{}]"), "did not answer with JSON"),
        row("nothing", .json(""), "did not answer with JSON"),
        row("less than announced", .json("{}").delivered(.cut), "closed the connection"),
        row(
            "a header without end",
            ScriptedResponse(status: 200, headers: (0..<2000).map { ("X-\($0)", String(repeating: "x", count: 1000)) }),
            ""),
    ]

    @Test(.counted(.hostileServers), arguments: documents)
    func `in place of metadata`(_ row: FailureRow) async throws {
        var row = row
        // The object can be read, but it names no issuer.
        if Self.objects.contains(row.testDescription) {
            (row.status, row.says, row.hint) = (78, "publishes no authorization server metadata", "http://127.0.0.1:")
        }
        try await FailureBench.run { try await Self.checkLogin(row, at: "/.well-known/", $0) }
    }

    @Test(.counted(.hostileServers), arguments: documents)
    func `in place of a token`(_ row: FailureRow) async throws {
        var row = row
        (row.status, row.hint) = (77, "its code cannot be used again")
        if Self.objects.contains(row.testDescription) { row.says = "the server issued " }
        // There are two token types, too.
        if row.testDescription == "a member twice, in escapes" { row.hint = "register a client there" }
        try await FailureBench.run { try await Self.checkLogin(row, at: "/token", $0) }
    }

    /// The rows in which a tolerant reader finds an object, but no access token in it.
    private static let objects = [
        "a member twice", "a member twice, in escapes", "not UTF-8", "a control character", "two objects", "gzip",
        "deflate, gzip", "UTF-16", "33 levels", "a hundred thousand levels",
    ]

    @Test(.counted(.hostileServers), arguments: documents)
    func `in place of a registration`(_ row: FailureRow) async throws {
        var row = row
        // Such an answer is no registration: the user has to register a client.
        if row.testDescription == "br" {
            (row.status, row.says, row.hint) = (78, "its answer cannot be used", "register a client there")
        } else if row.says == "did not answer with JSON" || Self.objects.contains(row.testDescription) {
            (row.status, row.says, row.hint) = (78, "cannot register itself there", "register a client there")
        }
        try await FailureBench.run(.registered) { try await Self.checkLogin(row, at: "/register", $0) }
    }

    /// 30 seconds each, so the short run relies on the transport's own timeout tests.
    @Test(
        .counted(.hostileServers),
        .enabled(if: ProcessInfo.processInfo.environment["KEYFOB_LONG"] != nil, "takes 30 s"),
        arguments: ["/.well-known/", "/token"])
    func `a byte a second`(path: String) async throws {
        try await FailureBench.run { bench in
            let slow = ScriptedResponse.json(Self.members(1000)).delivered(.dripping(every: .seconds(1)))
            var row = FailureRow(testDescription: "", answer: slow, says: "did not answer within")
            if path == "/token" { (row.status, row.hint) = (77, "its code cannot be used again") }
            let clock = ContinuousClock()
            let taken = try await clock.measure { try await Self.checkLogin(row, at: path, bench) }
            #expect(taken < .seconds(45))
        }
    }
}
