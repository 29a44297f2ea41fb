import AuthorizationServer
import TestSupport
import Testing

/// A token endpoint's answer in a form that no standard has, with what keyfob can use of it.
struct OddAnswer: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var answer: ScriptedResponse

    /// - Parameter type: the content type; nil for none.
    init(_ name: String, _ body: String, type: String? = "application/json", status: Int = 200) {
        self.init(name, Array(body.utf8), type: type, status: status)
    }

    init(_ name: String, _ body: [UInt8], type: String? = "application/json", status: Int = 200) {
        testDescription = name
        answer = ScriptedResponse(
            status: status, headers: type.map { [("Content-Type", $0)] } ?? [], body: body)
    }

    /// The members of a plain answer, without the braces.
    static let members = #""access_token":"odd-access","refresh_token":"odd-refresh","expires_in":3600"#

    /// Answers whose access token and refresh token keyfob uses.
    static let usable: [OddAnswer] = [
        OddAnswer("no token_type", "{\(members)}"),
        OddAnswer("token_type null", "{\(members),\"token_type\":null}"),
        OddAnswer("an empty token_type", "{\(members),\"token_type\":\"\"}"),
        OddAnswer("token_type in a list", "{\(members),\"token_type\":[\"Bearer\"]}"),
        OddAnswer("BearerToken", "{\(members),\"token_type\":\"BearerToken\"}"),
        OddAnswer("a space behind the token_type", "{\(members),\"token_type\":\"Bearer \"}"),
        OddAnswer("201", "{\(members)}", status: 201),
        OddAnswer("206", "{\(members)}", status: 206),
        OddAnswer("JSON as a page", "{\(members)}", type: "text/html; charset=utf-8"),
        OddAnswer("JSON as a download", "{\(members)}", type: "application/octet-stream"),
        OddAnswer("JSON as a form", "{\(members)}", type: "application/x-www-form-urlencoded"),
        OddAnswer("JSON of no type", "{\(members)}", type: nil),
        OddAnswer("a byte order mark", [0xEF, 0xBB, 0xBF] + Array("{\(members)}".utf8)),
        OddAnswer("white space around", " \r\n\t{ \(members) }\n\n "),
        OddAnswer("text behind the object", "{\(members)}<!-- 3 ms -->"),
        OddAnswer("Latin-1 in a name", Array("{\(members),\"user\":\"Ren".utf8) + [0xE9] + Array("\"}".utf8)),
        OddAnswer("a line break in a name", "{\(members),\"user\":\"Ren\n\"}"),
        OddAnswer("half a surrogate pair", "{\(members),\"user\":\"\\ud83d\"}"),
        OddAnswer("a doubled scope", "{\(members),\"scope\":\"a\",\"scope\":\"b\"}"),
        OddAnswer("a doubled refresh token", "{\"refresh_token\":\"odd-refresh\",\(members)}"),
        OddAnswer("mistyped members", "{\(members),\"scope\":{\"a\":1},\"id_token\":7,\"created_at\":\"now\"}"),
        OddAnswer("NaN", "{\(members),\"quota\":NaN}"),
        OddAnswer("an empty error", "{\"error\":\"\",\"error_code\":0,\(members)}"),
        OddAnswer("the tokens in an object", "{\"code\":0,\"msg\":\"success\",\"data\":{\(members)}}"),
        OddAnswer("the tokens in token", "{\"token\":{\(members)}}"),
        OddAnswer("the tokens in payload, with a line break", "{\"payload\":{\(members),\"user\":\"Ren\n\"}}"),
        OddAnswer("the tokens of a user", "{\"ok\":true,\"authed_user\":{\(members),\"token_type\":\"user\"}}"),
        OddAnswer(
            "an authentication result",
            #"{"AuthenticationResult":{"AccessToken":"odd-access","RefreshToken":"odd-refresh","ExpiresIn":3600}}"#),
        OddAnswer("400", "{\(members)}", status: 400),
        OddAnswer("403 with an error", "{\"error\":\"server_error\",\(members)}", status: 403),
        OddAnswer("500", "{\(members)}", status: 500),
        OddAnswer("200 with an error", "{\"error\":\"server_error\",\(members)}"),
        OddAnswer("UTF-16", [0xFF, 0xFE] + "{\(members)}".utf16.flatMap { [UInt8($0), 0] }),
        OddAnswer("UTF-16, the other way", [0xFE, 0xFF] + "{\(members)}".utf16.flatMap { [0, UInt8($0)] }),
        OddAnswer("a guard against scripts", ")]}',\n{\(members)}"),
        OddAnswer("an endless loop before it", "while(1);{\(members)}"),
        OddAnswer(
            "a form as text", "access_token=odd-access&refresh_token=odd-refresh&expires_in=3600", type: "text/plain"),
        OddAnswer(
            "a form with a doubled member", "access_token=odd-access&refresh_token=odd-refresh&scope=a&scope=b",
            type: "application/x-www-form-urlencoded"),
    ]

    /// Answers without a usable access token, whose refresh token replaces the previous one.
    static let rotatingOnly: [OddAnswer] = [
        OddAnswer("another token_type", "{\(members),\"token_type\":\"mac\"}"),
        OddAnswer("DPoP", "{\(members),\"token_type\":\"DPoP\"}"),
        OddAnswer("an access token of two lines", #"{"access_token":"a\nb","refresh_token":"odd-refresh"}"#),
        OddAnswer("no access token", #"{"refresh_token":"odd-refresh","token_type":"Bearer"}"#),
        OddAnswer("only a refresh token in an object", #"{"data":{"refresh_token":"odd-refresh"}}"#),
        OddAnswer("a mistyped access token", #"{"access_token":["a"],"refresh_token":"odd-refresh"}"#),
        OddAnswer("two access tokens", #"{"access_token":"a","access_token":"b","refresh_token":"odd-refresh"}"#),
    ]

    /// Refusals, each with an error that says that the refresh token is dead.
    static let endings: [OddAnswer] = [
        OddAnswer("error_code", #"{"code":400,"error_code":"refresh_token_not_found","msg":"no"}"#, status: 400),
        OddAnswer("an object", #"{"error":{"code":"refresh_token_expired","message":"no"}}"#, status: 400),
        OddAnswer("a list of objects", #"{"errors":[{"code":"invalid_refresh_token"}]}"#, status: 401),
        OddAnswer("in an object", #"{"data":{"error":"invalid_grant"}}"#, status: 400),
        OddAnswer("code", #"{"code":"refresh_token_revoked","message":"no"}"#, status: 403),
        OddAnswer("a sentence", #"{"error":"Refresh token was revoked"}"#, status: 400),
        OddAnswer("a problem document", #"{"status":400,"title":"invalid_grant"}"#, status: 400),
        OddAnswer("camel case", #"{"errorCode":"RefreshTokenExpired"}"#, status: 401),
        OddAnswer("with 200", #"{"error":"bad_refresh_token"}"#),
        OddAnswer("a form", "error=invalid_grant&error_description=no", type: "text/html", status: 400),
        OddAnswer("a more exact code", #"{"error":"invalid_request","error_code":"session_expired"}"#, status: 400),
        OddAnswer(
            "Latin-1 in the description",
            Array(#"{"error":"invalid_grant","error_description":"expir"#.utf8) + [0xE9] + Array("\"}".utf8),
            status: 400),
    ]

    /// Refusals that do not say whether the refresh token is dead.
    static let refusals: [OddAnswer] = [
        OddAnswer("an empty 400", "", type: nil, status: 400),
        OddAnswer("a page with 400", "<html>Bad Request", type: "text/html", status: 400),
        OddAnswer("a page with 403", "<html>Forbidden", type: "text/html", status: 403),
        OddAnswer("a page with 404", "<html>Not Found", type: "text/html", status: 404),
        OddAnswer("405", "", type: nil, status: 405),
        OddAnswer("410", "gone", type: "text/plain", status: 410),
        OddAnswer("422", #"{"message":"unprocessable"}"#, status: 422),
        OddAnswer("401 with half an object", "{\"error\":", status: 401),
        OddAnswer("invalid_request", #"{"error":"invalid_request"}"#, status: 400),
        OddAnswer("invalid_scope", #"{"error":"invalid_scope"}"#, status: 400),
        OddAnswer("unauthorized_client", #"{"error":"unauthorized_client"}"#, status: 403),
        OddAnswer("a gateway's code", #"{"code":"token_expired","message":"no session"}"#, status: 403),
        OddAnswer("a gateway's title", #"{"title":"Session expired","status":401}"#, status: 401),
        OddAnswer("an exception", #"{"__type":"NotAuthorizedException","message":"no"}"#, status: 400),
        OddAnswer("an error with 200", #"{"ok":false,"error":"internal_thing"}"#),
    ]

    /// Answers after which a retry may help.
    static let temporary: [OddAnswer] = [
        OddAnswer("408", "", type: nil, status: 408), OddAnswer("425", "", type: nil, status: 425),
        OddAnswer("500", "", type: nil, status: 500),
        OddAnswer("a page with 502", "<html>Bad Gateway", type: "text/html", status: 502),
        OddAnswer("invalid_grant with 500", #"{"error":"invalid_grant"}"#, status: 500),
        OddAnswer("an echo", #"{"error":"server_error","refresh_token":"***"}"#, status: 400),
        OddAnswer("server_error with 400", #"{"error":"server_error"}"#, status: 400),
        OddAnswer("a page with 200", "<html>Welcome", type: "text/html"),
        OddAnswer("an empty 200", "", type: nil),
    ]
}

@Suite(.timeLimit(.withTurns)) struct `An odd token answer` {
    @Test(arguments: OddAnswer.usable)
    func `to a refresh is used, and its refresh token is kept`(_ row: OddAnswer) async throws {
        try await FailureBench.run { bench in
            try await bench.erase(try await bench.signIn())
            bench.fail("/token", once: [row.answer])
            let result = try await bench.get()
            #expect(result.output.password == "odd-access", "\(result.complaint)")
            try await bench.checkRefreshTokenIsOdd()
        }
    }

    @Test(arguments: OddAnswer.usable)
    func `to a code is used`(_ row: OddAnswer) async throws {
        try await FailureBench.run { bench in
            bench.fail("/token", once: [row.answer])
            let result = try await bench.login()
            #expect(result.status == 0, "\(result.complaint)")
            #expect(try await bench.get().output.password == "odd-access")
            #expect(bench.session.browserOpenings == 1)
        }
    }

    @Test(arguments: OddAnswer.rotatingOnly)
    func `without a usable access token replaces the refresh token first`(_ row: OddAnswer) async throws {
        try await FailureBench.run { bench in
            try await bench.erase(try await bench.signIn())
            bench.fail("/token", once: [row.answer])
            let result = try await bench.get()
            #expect(result.status == 77, "\(result.complaint)")
            #expect(result.stdout.isEmpty)
            try await bench.checkRefreshTokenIsOdd()
        }
    }
}

@Suite(.timeLimit(.withTurns)) struct `A refused refresh` {
    @Test(arguments: OddAnswer.endings)
    func `because the refresh token is dead ends it, and leads to a sign-in`(_ row: OddAnswer) async throws {
        try await FailureBench.run { try await $0.checkRefusal(row, keepsGrant: false) }
    }

    @Test(arguments: OddAnswer.refusals)
    func `for another reason keeps the refresh token, and leads to a sign-in`(_ row: OddAnswer) async throws {
        try await FailureBench.run { try await $0.checkRefusal(row, keepsGrant: true) }
    }

    @Test(arguments: OddAnswer.refusals + OddAnswer.endings)
    func `is left by a login without an option, in which the user signs in`(_ row: OddAnswer) async throws {
        try await FailureBench.run { bench in
            try await bench.erase(try await bench.signIn())
            bench.fail("/token", once: [row.answer])
            let result = try await bench.login()
            #expect(result.status == 0, "\(result.complaint)")
            #expect(bench.session.browserOpenings == 2)
            #expect(try await bench.get().status == 0)
        }
    }

    @Test(arguments: OddAnswer.temporary)
    func `that may succeed later is called temporary, and a login leaves that state too`(_ row: OddAnswer) async throws
    {
        try await FailureBench.run { bench in
            try await bench.erase(try await bench.signIn())
            bench.fail("/token", once: [row.answer, row.answer])
            let result = try await bench.get()
            #expect(result.status == 75, "\(result.complaint)")
            #expect(result.complaint.contains("hint: if this does not end: keyfob login \(bench.service)\n"))
            #expect(try await bench.login().status == 0)
            #expect(bench.session.browserOpenings == 2)
        }
    }
}

extension FailureBench {
    /// Checks that the next refresh sends the refresh token of ``OddAnswer/members``, which the server does not know.
    fileprivate func checkRefreshTokenIsOdd() async throws {
        try await erase("odd-access")
        #expect(try await get().status == 77)
        #expect(server.requests(to: "/token").last?.error == "invalid_grant")
    }

    fileprivate func checkRefusal(_ row: OddAnswer, keepsGrant: Bool) async throws {
        try await erase(try await signIn())
        fail("/token", once: [row.answer])
        let result = try await get()
        #expect(result.status == 77, "\(result.complaint)")
        #expect(result.stdout.isEmpty)
        #expect(result.complaint.contains("hint: run: keyfob login \(service)\n"))
        #expect(try await get().status == (keepsGrant ? 0 : 77))
    }
}
