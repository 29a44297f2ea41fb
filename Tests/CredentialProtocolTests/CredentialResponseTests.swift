import CredentialProtocol
import Secrets
import Testing

/// protocol.md, sections 4.3 and 5: the answer to `get`, byte for byte.
@Suite struct `Credential responses` {
    private static let stored = CredentialResponse(username: "alice", password: Secret("pass word"))
    private static let token = CredentialResponse(
        username: "oauth2", password: Secret("t0ken"), passwordExpiryUTC: 1_893_456_000, authtype: "Bearer",
        state: ["keyfob:1", "keyfob:2"])

    private func answer(
        _ response: CredentialResponse, to request: String = service, in dialect: some AttributeDialect = GitDialect()
    ) throws -> String {
        let decoded = try dialect.decode(Array(request.utf8), for: .get)
        return String(decoding: try dialect.encode(response, for: decoded), as: UTF8.self)
    }

    // MARK: git

    @Test func `Git gets a stored password as it was given`() throws {
        #expect(try answer(Self.stored) == "username=alice\npassword=pass word\n")
        let empty = CredentialResponse(username: "", password: Secret(""))
        #expect(try answer(empty) == "username=\npassword=\n")
    }

    @Test func `Git gets the refresh token and the expiry that it stored`() throws {
        var response = Self.stored
        response.oauthRefreshToken = Secret("refresh")
        response.passwordExpiryUTC = 1_893_456_000
        #expect(
            try answer(response) == """
                username=alice
                password=pass word
                oauth_refresh_token=refresh
                password_expiry_utc=1893456000

                """)
    }

    @Test func `A git without capabilities gets the token as a password and no state`() throws {
        #expect(try answer(Self.token) == "username=oauth2\npassword=t0ken\npassword_expiry_utc=1893456000\n")
    }

    private static let challenges: [(wwwauth: [String], bearer: Bool)] = [
        ([], false),
        (["Basic realm=\"a\""], false),
        (["Bearer realm=\"a\""], true),
        (["bearer"], true),
        (["Bearer realm=\"a\"", "Basic realm=\"a\""], false),
        (["Basic realm=\"a\", Bearer realm=\"a\""], false),
        (["Bearer realm=\"a\", basic"], false),
        (["Bearer realm=\"Basic\", scope=\"a, Basic\""], true),
        (["Bearer realm=\"\\\", Basic realm=\\\"\""], true),
        (["Negotiate", "Bearer"], true),
        (["Negotiate abc==, Bearer error=x"], true),
        (["Digest Bearer=1"], false),
        (["Digest realm=a, Bearer = 1"], false),
        (["Digest realm=\"Bearer\""], false),
        (["BearerX realm=\"a\""], false),
    ]

    @Test(arguments: challenges)
    func `A git with the capability authtype gets it if the server offers Bearer and not Basic`(
        wwwauth: [String], bearer: Bool
    ) throws {
        let request = service + wwwauth.map { "wwwauth[]=\($0)\n" }.joined()
        let asPassword = "username=oauth2\npassword=t0ken\npassword_expiry_utc=1893456000\n"
        #expect(try answer(Self.token, to: request) == asPassword)
        let asCredential = "authtype=Bearer\ncredential=t0ken\npassword_expiry_utc=1893456000\n"
        #expect(
            try answer(Self.token, to: "capability[]=authtype\n" + request)
                == "capability[]=authtype\n" + (bearer ? asCredential : asPassword))
    }

    @Test func `A stored password is never a Bearer token`() throws {
        let request = "capability[]=authtype\n" + service + "wwwauth[]=Bearer\n"
        #expect(try answer(Self.stored, to: request) == "capability[]=authtype\nusername=alice\npassword=pass word\n")
    }

    @Test func `Capabilities come first, only those that git announced, and state only with the capability for it`()
        throws
    {
        let expected = """
            capability[]=authtype
            capability[]=state
            authtype=Bearer
            credential=t0ken
            ephemeral=1
            password_expiry_utc=1893456000
            continue=1
            state[]=keyfob:1
            state[]=keyfob:2

            """
        var response = Self.token
        response.ephemeral = true
        response.continue = true
        let bearer = service + "wwwauth[]=Bearer\n"
        #expect(try answer(response, to: "capability[]=state\ncapability[]=authtype\n" + bearer) == expected)
        #expect(
            try answer(response, to: bearer)
                == "username=oauth2\npassword=t0ken\npassword_expiry_utc=1893456000\n")
        #expect(
            try answer(response, to: "capability[]=state\n" + bearer) == """
                capability[]=state
                username=oauth2
                password=t0ken
                password_expiry_utc=1893456000
                continue=1
                state[]=keyfob:1
                state[]=keyfob:2

                """)
    }

    // MARK: Other callers

    @Test func `Other callers get a token in both forms, whatever they announce`() throws {
        var response = Self.token
        response.ephemeral = true
        #expect(
            try answer(response, in: LineDialect()) == """
                authtype=Bearer
                credential=t0ken
                ephemeral=1
                username=oauth2
                password=t0ken
                password_expiry_utc=1893456000

                """)
    }

    @Test func `Other callers get a password without an authtype, and a token without a user name`() throws {
        #expect(try answer(Self.stored, in: LineDialect()) == "username=alice\npassword=pass word\n")
        let anonymous = CredentialResponse(username: nil, password: Secret("t"), authtype: "Bearer")
        #expect(try answer(anonymous, in: LineDialect()) == "authtype=Bearer\ncredential=t\npassword=t\n")
    }

    // MARK: Injection

    private static let hostile: [UInt8] = Array(0x00...0x1F) + [0x7F]

    @Test(arguments: hostile)
    func `No value with a control character is written`(byte: UInt8) {
        let text = "a\(Unicode.Scalar(byte))host=evil.example"
        let cases: [(Attribute, CredentialResponse)] = [
            (.username, .init(username: text, password: Secret("p"))),
            (.password, .init(username: "a", password: Secret(text))),
            (.password, .init(username: "a", password: Secret(text), authtype: "Bearer")),
            (.oauthRefreshToken, .init(username: "a", password: Secret("p"), oauthRefreshToken: Secret(text))),
            (.state, .init(username: "a", password: Secret("p"), state: [text])),
        ]
        for (attribute, response) in cases {
            #expect(throws: ResponseError.forbiddenByte(attribute)) {
                try answer(response, to: "capability[]=state\n" + service)
            }
        }
    }

    @Test(arguments: [
        "to ken", "to\nken", "to\r\nken", "to\u{0}ken", "to\u{2028}ken", "t\u{F6}ken", "\u{1B}[2K", " ", "\t",
    ])
    func `An access token is written only if it is visible ASCII`(token: String) {
        let response = CredentialResponse(username: "a", password: Secret(token), authtype: "Bearer")
        #expect(throws: ResponseError.forbiddenByte(.password)) { try answer(response) }
        #expect(throws: ResponseError.forbiddenByte(.credential)) { try answer(response, in: LineDialect()) }
    }

    @Test func `A stored password may be any text`() throws {
        let response = CredentialResponse(username: "a", password: Secret("t\u{F6} \u{2028}="))
        #expect(try answer(response) == "username=a\npassword=t\u{F6} \u{2028}=\n")
    }

    @Test(arguments: ["Bea rer", "Bearer\nx", "Bear=er", "B\u{E4}rer"])
    func `An invalid authtype is not written`(authtype: String) {
        let response = CredentialResponse(username: "a", password: Secret("t"), authtype: authtype)
        #expect(throws: ResponseError.forbiddenByte(.authtype)) { try answer(response, in: LineDialect()) }
    }

    @Test func `An empty access token or token type is not written`() {
        let noToken = CredentialResponse(username: "a", password: Secret(""), authtype: "Bearer")
        #expect(throws: ResponseError.empty(.password)) { try answer(noToken) }
        let noType = CredentialResponse(username: "a", password: Secret("t"), authtype: "")
        #expect(throws: ResponseError.empty(.authtype)) { try answer(noType, in: LineDialect()) }
    }

    @Test func `A value that makes a line over the limit is not written`() throws {
        let longest = String(repeating: "x", count: 65_535 - "password=\n".utf8.count)
        let fits = CredentialResponse(username: "a", password: Secret(longest), authtype: "Bearer")
        #expect(try answer(fits).utf8.count == "username=a\n".utf8.count + 65_535)
        let tooLong = CredentialResponse(username: "a", password: Secret(longest + "x"), authtype: "Bearer")
        #expect(throws: ResponseError.tooLong(.password)) { try answer(tooLong) }
    }

    // MARK: Round trips

    @Test(arguments: [
        CredentialResponse(username: "alice", password: Secret("p=\u{FC} ")),
        CredentialResponse(username: "", password: Secret("")),
        CredentialResponse(
            username: "a@b", password: Secret("p"), passwordExpiryUTC: .max, oauthRefreshToken: Secret("r")),
        CredentialResponse(
            username: "oauth2", password: Secret("t"), passwordExpiryUTC: 1, authtype: "Bearer", ephemeral: true,
            state: ["keyfob:a=b"]),
    ])
    func `Git can pass the answer to get on to store`(response: CredentialResponse) throws {
        let announced = "capability[]=authtype\ncapability[]=state\n" + service
        for request in [announced, announced + "wwwauth[]=Bearer\n"] {
            let returned = try git(service + answer(response, to: request), .store)
            #expect(returned.password ?? returned.credential == response.password)
            #expect(returned.username == response.username || returned.credential != nil)
            #expect(returned.passwordExpiryUTC == response.passwordExpiryUTC)
            #expect(returned.oauthRefreshToken == response.oauthRefreshToken)
            #expect(returned.ephemeral == response.ephemeral)
            #expect(returned.state == response.state)
            #expect(returned.capabilities == [.authtype, .state])
        }
    }

    @Test func `The answer to the operation capability has both names`() {
        #expect(
            String(decoding: Capability.announcement, as: UTF8.self)
                == "version 0\ncapability authtype\ncapability state\n")
    }

    @Test func `Only git's dialect writes nothing if there is no credential`() {
        let request = CredentialRequest(protocolName: "https", host: "host.example")
        #expect(GitDialect().notFound(request) == Reply())
        #expect(GitDialect().unknown(request, Report(.keyringUnavailable)) == Reply(status: 69))
        #expect(
            LineDialect().notFound(request)
                == Reply(complaint: ["keyfob: no credential for https://host.example"], status: 1))
        #expect(
            LineDialect().unknown(request, Report(.keyringUnavailable)).complaint == ["keyfob: keyring unavailable"])
    }
}
