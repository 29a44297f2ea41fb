import Secrets
import TestSupport
import Testing

@testable import OAuth

@Suite struct `A token answer` {
    private func read(
        _ body: String, type: String? = "application/json;charset=UTF-8", status: Int = 200,
        fields: [(name: String, value: String)] = []
    ) throws(OAuthError) -> TokenResponse {
        let contentType = type.map { [(name: "Content-Type", value: $0)] } ?? []
        return try TokenResponse(
            HTTPResponse(status: status, fields: contentType + fields, body: Secret(body)), from: "a.example")
    }

    @Test func `is parsed completely`() throws {
        let response = try read(
            #"{"access_token":"AT","token_type":"bearer","expires_in":3600,"refresh_token":"RT","scope":"a b","x":{}}"#)
        #expect(
            response
                == TokenResponse(
                    accessToken: Secret("AT"), expiresIn: 3600, refreshToken: Secret("RT"), scope: ["a", "b"]))
    }

    @Test(arguments: [("\"a.b.c\"", "a.b.c"), ("\"\"", nil), ("null", nil), ("1", nil), (#""a\u001b""#, nil)])
    func `keeps its token with any id_token`(json: String, idToken: String?) throws {
        let response = try read(#"{"access_token":"AT","token_type":"Bearer","id_token":\#(json)}"#)
        #expect(response.accessToken == Secret("AT"))
        #expect(response.idToken == idToken.map { Secret($0) })
    }

    @Test(arguments: ["Bearer", "bearer", "BEARER", "bEaReR", " Bearer ", "BearerToken", ""])
    func `may write the type as servers do`(type: String) throws {
        #expect(try read(#"{"access_token":"AT","token_type":"\#(type)"}"#).accessToken == Secret("AT"))
    }

    @Test(arguments: ["mac", "DPoP", "N_A", "Bearer, DPoP", "notbearer"])
    func `of another type is refused`(type: String) {
        #expect(throws: OAuthError.unexpectedTokenType(type)) {
            try read(#"{"access_token":"AT","token_type":"\#(type)"}"#)
        }
    }

    @Test(
        arguments: [
            ("3600", 3600), ("\"3600\"", 3600), ("3599.9", 3599), ("1", 1), ("1e99", 31_536_000),
            ("99999999999", 31_536_000),
            ("0", 0), ("-5", 0), ("0.5", 0), ("\" 3600 \"", 3600), ("1000000000", 0), ("\"1000000000000\"", 0),
            ("\"2001-01-01T00:00:00Z\"", 0), ("4102444800", 31_536_000), ("\"soon\"", nil), ("null", nil),
            ("true", nil), ("[3600]", nil),
            ("\"nan\"", nil), ("\"inf\"", 31_536_000),
        ] as [(String, Int?)])
    func `has a lifetime in seconds, or none if it is invalid`(json: String, seconds: Int?) throws {
        #expect(try read(#"{"access_token":"AT","token_type":"Bearer","expires_in":\#(json)}"#).expiresIn == seconds)
    }

    /// The part that is missing may have said when the token expires.
    @Test(arguments: [
        (#"{"access_token":"AT","#, 300), (#"{"access_token":"AT","expires_in":36"#, 300),
        (#"{"access_token":"AT","expires_in":3600,"#, 3600), (#"{"access_token":"AT","expires_in":3600}"#, 3600),
    ])
    func `that is cut off has a short lifetime, unless it names one`(body: String, seconds: Int) throws {
        var response = HTTPResponse(status: 200, fields: [], body: Secret(body))
        response.fault = .answerLost(host: "a.example")
        #expect(try TokenResponse(response, from: "a.example").expiresIn == seconds)
    }

    @Test(arguments: [
        #"{"access_token":"AT","#, #"{"access_token":"AT","expires_in":36"#, #"<?> {"access_token":"AT","scope":"a"#,
    ])
    func `whose object has no end has a short lifetime, too`(body: String) throws {
        #expect(try read(body).expiresIn == 300)
    }

    /// Some servers repeat what they got, also in a field.
    @Test(arguments: [
        ("0f3c9a71be5d4428a6d0c1e29b7754aa", nil), ("text/0F3C9A71BE5D4428A6D0C1E29B7754AA", "text/<secret>"),
        ("text/0f3c9a71be5d4428", "<secret>"), ("text/a71be5d4428a.x", "<secret>"), ("text/a/b", nil),
        ("te xt/html", nil),
        ("text/html; x=0f3c9a71be5d4428a6d0c1e29b7754aa", "text/html"),
        ("application/vnd.a+json", "application/vnd.a+json"), ("text/" + String(repeating: "a", count: 100), nil),
    ])
    func `that is no JSON is named by its type, without a secret of the request`(type: String, shown: String?) throws {
        var response = HTTPResponse(status: 200, fields: [(name: "Content-Type", value: type)], body: Secret("Hello"))
        response.sentSecrets = [Secret("0f3c9a71be5d4428a6d0c1e29b7754aa")]
        #expect(throws: OAuthError.notJSON(host: "a.example", contentType: shown)) {
            try TokenResponse(response, from: "a.example")
        }
    }

    @Test func `shows no secret of the request in place of a type or a scope`() throws {
        let secret = "0f3c9a71be5d4428a6d0c1e29b7754aa"
        func read(_ members: String) throws(OAuthError) -> TokenResponse {
            var response = HTTPResponse(
                status: 200, fields: [], body: Secret("{\"access_token\":\"AT\",\(members)}"))
            response.sentSecrets = [Secret(secret)]
            return try TokenResponse(response, from: "a.example")
        }
        #expect(throws: OAuthError.unexpectedTokenType("<secret>")) { try read("\"token_type\":\"\(secret)\"") }
        #expect(throws: OAuthError.unexpectedTokenType("<secret>")) {
            try read("\"token_type\":\"\(secret.uppercased())\"")
        }
        #expect(try read("\"scope\":\"read \(secret) write:\(secret)\"").scope == ["read"])
        #expect(try read("\"refresh_token\":\"\(secret)2\",\"scope\":\"read \(secret)2\"").scope == ["read"])
    }

    // Characters that would break a line protocol, a header field or a terminal.
    @Test(arguments: [
        #"x\nhost=evil.example"#, #"x\ry"#, #"x\n\u0000\n"#, #"x\u0000"#, #" "#, #"x y"#, #"x\u2028"#, #"\u001b[2J"#,
        #"é"#, #"x\u007f"#, "",
    ])
    func `with a token that is not visible ASCII is refused`(token: String) {
        #expect(throws: OAuthError.unusableToken) { try read(#"{"access_token":"\#(token)","token_type":"Bearer"}"#) }
    }

    @Test(arguments: [#"\n"#, #"\r\n"#, " ", #" \t\u000b\f"#])
    func `may have tokens with white space at their ends`(blank: String) throws {
        let response = try read(
            #"{"access_token":"\#(blank)AT\#(blank)","id_token":"IT\#(blank)","refresh_token":"RT\n\#(blank)"}"#)
        #expect(response.accessToken == Secret("AT") && response.idToken == Secret("IT"))
        #expect(response.refreshToken == Secret("RT"))
    }

    // It is only sent in forms, which encode every character.
    @Test(arguments: [
        ("x y", "x y"), ("x ", "x "), ("é", "é"), (#"x\ny"#, nil), (#"\n"#, nil), (#"\u0000"#, nil),
        (#"\u001b[2J"#, nil),
    ])
    func `has a refresh token of any characters but control characters`(json: String, token: String?) throws {
        let response = try read(#"{"access_token":"AT","token_type":"Bearer","refresh_token":"\#(json)"}"#)
        #expect(response.refreshToken == token.map { Secret($0) })
    }

    @Test(
        arguments: [
            ("\"a b\"", ["a", "b"]), ("\"repo,gist\"", ["repo", "gist"]), ("[\"a\",\"b c\"]", ["a", "b", "c"]),
            ("\" a,  b;c, a \"", ["a", "b", "c"]), ("[\"a\",1,[\"b\"],null]", ["a", "b"]), ("\"\"", nil),
            ("null", nil), ("[]", nil), ("{\"a\":1}", nil), ("7", nil), (#""a\"b c""#, ["c"]),
        ] as [(String, [String]?)])
    func `names its scopes in a text or a list`(json: String, scopes: [String]?) throws {
        for name in ["scope", "scopes", "granted_scopes"] {
            #expect(try read(#"{"access_token":"AT","\#(name)":\#(json)}"#).scope == scopes)
        }
    }

    @Test(arguments: [
        "bad_refresh_token", "invalid_refresh_token", "refresh_token_not_found", "refresh_token_already_used",
        "Refresh token has expired", "REFRESH_TOKEN_EXPIRED", "expired_token", "token_revoked", "session_not_found",
    ])
    func `says in many words that the refresh token is dead`(error: String) {
        #expect(OAuthError.saysTokenIsDead(error))
    }

    @Test(arguments: [
        "invalid_request", "invalid_client", "unauthorized_client", "refresh_token_required", "missing_refresh_token",
        "refresh_token", "refresh_token_limit", "expired_client", "HTTP 400", "",
    ])
    func `says with other errors nothing about the refresh token`(error: String) {
        #expect(!OAuthError.saysTokenIsDead(error))
    }

    @Test func `without an access token is refused`() {
        #expect(throws: OAuthError.unusableToken) { try read(#"{"token_type":"Bearer"}"#) }
    }

    @Test func `may have no refresh token`() throws {
        #expect(try read(#"{"access_token":"AT","token_type":"Bearer","refresh_token":null}"#).refreshToken == nil)
        #expect(try read(#"{"access_token":"AT","token_type":"Bearer","refresh_token":""}"#).refreshToken == nil)
    }

    @Test(arguments: [400, 401, 403, 200])
    func `with an error is a refusal with any status`(status: Int) {
        let body = #"{"error":"invalid_grant","error_description":"expired\u001b[0m","access_token":"AT"}"#
        let refusal = OAuthError.refused(
            host: "a.example", status: status, error: "invalid_grant", description: "expired\u{FFFD}[0m")
        #expect(throws: refusal) { try read(body, status: status) }
    }

    @Test func `may be form-urlencoded if it says so`() throws {
        let form = "access_token=gho_x&expires_in=28800&refresh_token=ghr_y&scope=&token_type=bearer"
        let response = try read(form, type: "application/x-www-form-urlencoded; charset=utf-8")
        #expect(response.accessToken == Secret("gho_x"))
        #expect(response.expiresIn == 28_800)
        #expect(response.refreshToken == Secret("ghr_y"))
        #expect(throws: OAuthError.refused(host: "a.example", status: 200, error: "bad", description: "x y")) {
            try read("error=bad&error_description=x+y", type: "application/x-www-form-urlencoded")
        }
        #expect(throws: OAuthError.unusableToken) {
            try read("access_token=a&access_token=b&token_type=bearer", type: "application/x-www-form-urlencoded")
        }
    }

    @Test(
        arguments: [
            ("text/html", "<html>sign in to the hotel's network</html>"), ("text/html", "<a=b>"),
            ("application/json", "<html>"), ("application/json", ""), (nil, "hello"), ("image/png", "a = b"),
        ] as [(String?, String)])
    func `that is not JSON has its own error`(type: String?, body: String) {
        #expect(throws: OAuthError.notJSON(host: "a.example", contentType: type)) { try read(body, type: type) }
    }

    @Test func `may be JSON of any type`() throws {
        let body = #"{"access_token":"AT","token_type":"Bearer"}"#
        for type in [nil, "text/plain", "text/html", "application/vnd.example+json", "APPLICATION/JSON"] {
            #expect(try read(body, type: type).accessToken == Secret("AT"))
        }
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func `that redirects is not followed`(status: Int) {
        #expect(throws: OAuthError.redirected(host: "a.example", status: status)) { try read("", status: status) }
    }

    @Test func `that is unavailable says when to try again`() {
        let later = [(name: "retry-after", value: "9")]
        #expect(throws: OAuthError.unavailable(host: "a.example", status: 503, retryAfter: 9)) {
            try read(#"{"error":"invalid_grant"}"#, status: 503, fields: later)
        }
        for status in [408, 425, 429, 500] {
            #expect(throws: OAuthError.unavailable(host: "a.example", status: status, retryAfter: nil)) {
                try read("", status: status)
            }
        }
    }

    @Test(arguments: [
        #"{"access_token":1,"token_type":"Bearer"}"#, #"{"access_token":["AT"]}"#,
        #"{"access_token":"AT","access_token":"EV","token_type":"Bearer"}"#,
    ])
    func `without exactly one access token is refused`(body: String) {
        #expect(throws: OAuthError.unusableToken) { try read(body) }
    }

    // Each of them comes from a server, a script or a gateway that was seen in the field, or from its relatives.
    @Test(arguments: [
        "<br />\n<b>Warning</b>: undefined index in <b>token.php</b> on line <b>7</b><br />\n{}",
        "Notice: {constant} is not defined\n{}", "<pre>{}</pre>",
        "[{}]", "/* {} */ {}", "callback({});", "\u{FEFF}[ {} ]", "data: {}\n\n", "0 {} {}",
    ])
    func `is found in another text`(text: String) throws {
        let object = #"{"access_token":"AT","token_type":"Bearer","refresh_token":"RT"}"#
        let parts = text.split(separator: "{}", omittingEmptySubsequences: false)
        let response = try read(parts.dropLast().joined(separator: "{}") + object + parts[parts.count - 1])
        #expect(response.accessToken == Secret("AT") && response.refreshToken == Secret("RT"))
    }

    // An object of a log before the answer, or the answer twice.
    @Test(arguments: [
        #"{"level":"info","error":"none yet","expires_in":1}\#n{}"#, #"{"error":"x"} {"a":{"code":1}} {}"#, "{}{}",
        "{}\n{}\n",
        #"{} {"level":"info","expires_in":1}"#, #"{"ok":true} sent: {}"#, ")]}'\n{\"a\":1}{}",
        #"{"access_token":"older","refresh_token":"older"}{}"#,
    ])
    func `is found in a row of objects`(row: String) throws {
        let object = #"{"access_token":"AT","expires_in":60,"refresh_token":"RT"}"#
        let response = try read(row.replacing("{}", with: object))
        #expect(response.accessToken == Secret("AT") && response.refreshToken == Secret("RT"))
        #expect(response.expiresIn == 60)
    }

    @Test func `may be divided among several objects`() throws {
        let response = try read(#"{"access_token":"AT"}{"refresh_token":"RT"}"#)
        #expect(response.accessToken == Secret("AT") && response.refreshToken == Secret("RT"))
    }

    @Test func `of objects without a token keeps its error`() {
        let error = OAuthError.refused(host: "a.example", status: 400, error: "invalid_grant", description: nil)
        #expect(throws: error) { try read(#"{"level":"info"}{"error":"invalid_grant"}"#, status: 400) }
        #expect(throws: OAuthError.unusableToken) { try read(String(repeating: "{}", count: 1000)) }
    }

    @Test func `is no form because a token in it has an equals sign`() throws {
        #expect(try read(#"[{"access_token":"AT="}]"#).accessToken == Secret("AT="))
    }

    @Test func `is found in a text of JSON`() throws {
        let response = try read(#"  "{\"access_token\":\"AT\",\"refresh_token\":\"RT\"}"  "#)
        #expect(response.accessToken == Secret("AT") && response.refreshToken == Secret("RT"))
    }

    @Test(arguments: [
        #"{"access_token":"AT","refresh_token":"RT""#, #"{"refresh_token":"RT","access_token":"AT","expires_in":36"#,
        #"{"access_token":"AT","refresh_token":"RT","scope":"a b"#, #"{"refresh_token":"RT","access_token":"AT", }"#,
        #"<pre>{"access_token":"AT","refresh_token":"RT","id_token""#,
        #"[{"refresh_token":"RT","access_token":"AT","a":[1,"#,
        #"{"data":{"access_token":"AT","refresh_token":"RT"},"id_token":"ey"#,
        #"{"result":{"token":{"access_token":"AT","refresh_token":"RT"}},"a":"#,
    ])
    func `that is cut off counts as far as it goes`(body: String) throws {
        let response = try read(body)
        #expect(response.accessToken == Secret("AT") && response.refreshToken == Secret("RT"))
        #expect(response.scope == nil)
        // One of them is complete but for a comma too many.
        #expect(response.expiresIn == (body.hasSuffix("}") ? nil : 300))
    }

    @Test(
        arguments: [
            ("7", "7"), ("9223372036854775808", "9223372036854775808"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            (#"{"token":"RT","expires_in":9}"#, "RT"), (#"{"value":"RT"}"#, "RT"), (#"{"refresh_token":"RT"}"#, "RT"),
            (#"{"token":"RT","value":"RS"}"#, nil), (#"{"id":"RT"}"#, nil), ("1.5", nil), ("true", nil), ("[7]", nil),
        ] as [(String, String?)])
    func `may have a token that is a number or in an object`(json: String, token: String?) throws {
        #expect(try read(#"{"access_token":"AT","refresh_token":\#(json)}"#).refreshToken == token.map { Secret($0) })
    }

    @Test func `may have members that are deeper or longer than any answer needs`() throws {
        let deep = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
        let response = try read(#"{"x":\#(deep),"access_token":"AT","y":{"z":\#(deep)},"refresh_token":"RT"}"#)
        #expect(response.accessToken == Secret("AT") && response.refreshToken == Secret("RT"))
        let long = String(repeating: "x", count: 65_001)
        #expect(throws: OAuthError.unusableToken) { try read(#"{"access_token":"\#(long)"}"#) }
        #expect(try read(#"{"access_token":"AT","refresh_token":"\#(long)"}"#).refreshToken == nil)
    }

    @Test func `of which only a part has arrived counts if the part has a token`() throws {
        func read(_ body: String) throws(OAuthError) -> TokenResponse {
            var response = HTTPResponse(status: 200, fields: [], body: Secret(body))
            response.fault = .answerLost(host: "a.example")
            return try TokenResponse(response, from: "a.example")
        }
        #expect(try read(#"{"access_token":"AT","refresh_token":"RT","exp"#).refreshToken == Secret("RT"))
        #expect(try read("access_token=AT&refresh_token=RT&scop").refreshToken == Secret("RT"))
        #expect(try read("access_token=AT&refresh_token=R").refreshToken == nil)
        for body in [
            "{", "{}", #"{"access_token":"A"#, #"{"refresh_token":"RT","access_token":"A"#, "access_token=A", "<html>",
        ] {
            #expect(throws: OAuthError.answerLost(host: "a.example")) { try read(body) }
        }
    }

    @Test(arguments: [
        "<!doctype html>{}", "<html>{}", "<p>Example: <code>{}</code>", "<!-- {} -->", "<TITLE>x</TITLE>{}",
    ])
    func `is not in a page for people`(page: String) {
        let example = page.replacing("{}", with: #"{"access_token":"YOUR_TOKEN","refresh_token":"YOUR_REFRESH"}"#)
        #expect(throws: OAuthError.notJSON(host: "a.example", contentType: "text/html")) {
            try read(example, type: "text/html")
        }
        // With a status of failure, no text holds a token.
        for status in [400, 403, 404, 502] {
            #expect(throws: OAuthError.self) { try read(example, status: status) }
            #expect(throws: OAuthError.self) {
                try read(#"Not found {"access_token":"YOUR_TOKEN","refresh_token":"YOUR_REFRESH"}"#, status: status)
            }
        }
    }

    @Test(arguments: [403, 404, 410]) func `has no error in another text with a status of a gateway`(status: Int) {
        let refusal = OAuthError.refused(host: "a.example", status: status, error: "HTTP \(status)", description: nil)
        #expect(throws: refusal) { try read(#"Not found {"error":"invalid_grant"}"#, status: status) }
    }

    @Test func `keeps its own error if an object in it has another`() {
        let own = OAuthError.refused(host: "a.example", status: 400, error: "invalid_client", description: nil)
        #expect(throws: own) { try read(#"{"error":"invalid_client","data":{"error":"invalid_grant"}}"#, status: 400) }
    }

    @Test func `of a page does not take an error from its scripts`() {
        let refusal = OAuthError.refused(host: "a.example", status: 400, error: "HTTP 400", description: nil)
        for page in [
            #"<html><script>var state = {"error":"invalid_grant"}</script></html>"#,
            #"<!DOCTYPE html><p>Help: {"error":"invalid_grant"} means ...</p>"#,
            #"<body data-state='{"error":"invalid_grant"}'>"#, #"<script>f({"error":"invalid_grant"})</script>"#,
        ] {
            #expect(throws: refusal, "\(page)") { try read(page, status: 400) }
        }
        let warned = #"<b>Warning</b>: deprecated {"error":"invalid_grant"}"#
        let error = OAuthError.refused(host: "a.example", status: 400, error: "invalid_grant", description: nil)
        #expect(throws: error) { try read(warned, status: 400) }
    }

    @Test(arguments: [#"{"access_token":"#, #"{"access_token":"AT"#, #"{"access_token" "AT"}"#])
    func `of half an object without a token is malformed`(body: String) {
        #expect(throws: OAuthError.malformed(host: "a.example", member: "JSON")) { try read(body) }
    }

    @Test(arguments: ["", "<html>", "{", "{}", #"{"status":404}"#])
    func `that refuses without an error is a refusal with its status`(body: String) {
        let refusal = OAuthError.refused(host: "a.example", status: 404, error: "HTTP 404", description: nil)
        #expect(throws: refusal) { try read(body, status: 404) }
    }
}
