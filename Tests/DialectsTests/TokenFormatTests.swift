import CredentialProtocol
import Dialects
import Secrets
import Testing

/// The output of `keyfob token`.
@Suite struct `The formats of a token` {
    private static func response(
        _ token: String = "abc.DEF-123_~+/==", username: String? = "oauth2", expiresAt: Int64? = 1_900_000_000
    ) -> CredentialResponse {
        CredentialResponse(
            username: username, password: Secret(token), passwordExpiryUTC: expiresAt, authtype: "Bearer",
            state: ["keyfob:account=1"])
    }

    private static func printed(_ format: TokenFormat, _ response: CredentialResponse) throws -> String {
        String(decoding: try format.encode(response, user: "alice@example.com"), as: UTF8.self)
    }

    @Test(arguments: [
        (TokenFormat.token, "abc.DEF-123_~+/==\n"),
        (.header, "Authorization: Bearer abc.DEF-123_~+/==\n"),
        (
            .json,
            #"{"access_token":"abc.DEF-123_~+/==","expires_at":1900000000,"token_type":"Bearer","username":"oauth2"}"#
                + "\n"
        ),
        (.curl, "header = \"Authorization: Bearer abc.DEF-123_~+/==\"\n"),
        (
            .env,
            "KEYFOB_TOKEN='abc.DEF-123_~+/=='\nKEYFOB_TOKEN_TYPE='Bearer'\nKEYFOB_TOKEN_EXPIRES_AT='1900000000'\n"
        ),
        // user=alice@example.com^Aauth=Bearer abc.DEF-123_~+/==^A^A
        (.xoauth2, "dXNlcj1hbGljZUBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciBhYmMuREVGLTEyM19+Ky89PQEB\n"),
    ])
    func `Each format writes exactly its bytes`(_ format: TokenFormat, _ line: String) throws {
        #expect(try Self.printed(format, Self.response()) == line)
    }

    @Test func `JSON leaves out unknown values`() throws {
        let response = Self.response("t", username: nil, expiresAt: nil)
        #expect(try Self.printed(.json, response) == #"{"access_token":"t","token_type":"Bearer"}"# + "\n")
    }

    @Test func `JSON escapes the user name, so that the output stays one line and one object`() throws {
        let response = Self.response("t", username: "a\"b\\c/d\u{E9}", expiresAt: nil)
        let line = #"{"access_token":"t","token_type":"Bearer","username":"a\"b\\c/dé"}"# + "\n"
        #expect(try Self.printed(.json, response) == line)
    }

    @Test func `The default authentication scheme is Bearer`() throws {
        var response = Self.response("t")
        response.authtype = nil
        #expect(try Self.printed(.header, response) == "Authorization: Bearer t\n")
    }

    /// Every byte outside visible ASCII, at the start, within and at the end.
    static let forbidden: [UInt8] = Array(0x00...0x20) + Array(0x7F...0xFF)

    @Test(arguments: TokenFormat.allCases, forbidden)
    func `A token with any other byte than visible ASCII is refused`(_ format: TokenFormat, _ byte: UInt8) {
        for bytes in [[byte], [byte, 0x61], [0x61, byte, 0x61], [0x61, byte]] {
            var response = Self.response()
            response.password = Secret(bytes)
            #expect(throws: ResponseError.forbiddenByte(.password)) { try format.encode(response, user: "a") }
        }
    }

    @Test(arguments: TokenFormat.allCases)
    func `Every visible byte is accepted`(_ format: TokenFormat) throws {
        let bytes = (UInt8(0x21)...0x7E).map { $0 }
        var response = Self.response()
        response.password = Secret(bytes)
        #expect(try format.encode(response, user: "a").last == 0x0A)
        if format == .token { #expect(try format.encode(response) == bytes + [0x0A]) }
    }

    @Test(arguments: TokenFormat.allCases)
    func `An empty token is refused as empty`(_ format: TokenFormat) {
        #expect(throws: ResponseError.empty(.password)) { try format.encode(Self.response(""), user: "a") }
    }

    @Test func `Characters with a meaning for curl or a shell are escaped`() throws {
        #expect(
            try Self.printed(.curl, Self.response(#"a"b\c"#)) == #"header = "Authorization: Bearer a\"b\\c""# + "\n")
        let lines = try Self.printed(.env, Self.response("a'b$(c)`d`\\", expiresAt: nil))
        #expect(lines == #"KEYFOB_TOKEN='a'\''b$(c)`d`\'"# + "\nKEYFOB_TOKEN_TYPE='Bearer'\n")
    }

    @Test(arguments: [
        (nil, ResponseError.empty(.username)), ("", .empty(.username)), ("a\u{1}b", .forbiddenByte(.username)),
    ])
    func `XOAUTH2 needs a user name, without the separator of its fields`(_ user: String?, _ error: ResponseError) {
        #expect(throws: error) { try TokenFormat.xoauth2.encode(Self.response(), user: user) }
    }
}
