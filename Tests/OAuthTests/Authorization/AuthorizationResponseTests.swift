import Secrets
import Testing

@testable import OAuth

@Suite struct `An authorization response` {
    private func code(
        _ query: String, advertised: Bool = false, issuer: String? = Examples.issuer
    ) throws -> String? {
        let response = AuthorizationResponse(query: query)
        try response.check(state: Secret("s"))
        return try response.code(from: Examples.metadata(issuer: issuer, advertisesIssuer: advertised)).exposedText
    }

    // RFC 9207 section 2.4; the names are those of the Model Context Protocol conformance scenarios.
    @Test(arguments: [
        ("iss-supported", "&iss=https%3A%2F%2Flogin.example.com", true),
        ("iss-not-advertised, and empty", "&iss=", false),
        ("iss-not-advertised", "", false),
        ("iss-unexpected, and right", "&iss=https%3A%2F%2Flogin.example.com", false),
    ])
    func `of the expected issuer is accepted`(scenario: String, iss: String, advertised: Bool) throws {
        #expect(try code("state=s&code=c" + iss, advertised: advertised) == "c")
    }

    @Test(
        arguments: [
            ("iss-supported-missing", nil, true),
            ("iss-wrong-issuer", "https://evil.example.com", true),
            ("iss-unexpected, and wrong", "https://evil.example.com", false),
            // Compared byte for byte: no case folding, default port, slash or escape.
            ("iss-normalized", "https://LOGIN.example.com", true),
            ("iss-normalized", "https://login.example.com:443", true),
            ("iss-normalized", "https://login.example.com/", true),
            ("iss-normalized", "https://login.ex%61mple.com", false),
        ] as [(String, String?, Bool)])
    func `of another issuer ends the login`(scenario: String, iss: String?, advertised: Bool) {
        let parameter = iss.map { "&iss=" + FormEncoding.encode($0) } ?? ""
        #expect(throws: OAuthError.responseIssuerMismatch(expected: Examples.issuer, found: iss)) {
            try code("state=s&code=c" + parameter, advertised: advertised)
        }
    }

    // The user has configured the issuer with the slash, and the metadata have none.
    @Test func `of the issuer as the user writes it is accepted`() throws {
        var metadata = try Examples.metadata()
        metadata.otherSpelling = Examples.issuer + "/"
        for (iss, isAccepted) in [
            (Examples.issuer, true), (Examples.issuer + "/", true), (Examples.issuer + "//", false),
        ] {
            let response = AuthorizationResponse(query: "state=s&code=c&iss=" + FormEncoding.encode(iss))
            #expect((try? response.code(from: metadata)) == (isAccepted ? Secret("c") : nil))
        }
    }

    @Test(
        arguments: [
            ("https://a.example", "https://a.example/", true), ("https://a.example/", "https://a.example", true),
            ("https://a.example/t", "https://a.example/t/", false), ("https://a.example", "https://a.example//", nil),
            ("https://a.example", "https://b.example", nil), ("https://a.example", nil, nil),
        ] as [(String, String?, Bool?)])
    func `of another issuer may differ only by a slash`(expected: String, found: String?, isAccepted: Bool?) {
        let other = OAuthError.responseIssuerMismatch(expected: expected, found: found).otherSpelling
        #expect(other?.isAccepted == isAccepted)
        #expect(other?.issuer == (isAccepted == nil ? nil : found))
    }

    /// To Swift, the Kelvin sign equals a `K`.
    @Test func `of an issuer with canonically equivalent letters ends the login`() throws {
        let issuer = "https://login.example.com/K"
        #expect(try code("state=s&code=c&iss=" + FormEncoding.encode(issuer), issuer: issuer) == "c")
        #expect(throws: OAuthError.self) {
            try code("state=s&code=c&iss=https%3A%2F%2Flogin.example.com%2F%E2%84%AA", issuer: issuer)
        }
    }

    @Test func `is accepted without comparison if no issuer is known`() throws {
        #expect(try code("state=s&code=c&iss=https%3A%2F%2Fanyone", issuer: nil) == "c")
    }

    // RFC 6749 section 4.1.2.1, and an unknown code.
    @Test(arguments: [
        "invalid_request", "unauthorized_client", "access_denied", "unsupported_response_type", "invalid_scope",
        "server_error", "temporarily_unavailable", "foo",
    ])
    func `with an error reports the error code`(error: String) {
        let refusal = OAuthError.refused(
            host: "login.example.com", status: 302, error: error, description: "No\u{FFFD}thanks")
        #expect(throws: refusal) { try code("state=s&error=\(error)&error_description=No%0Athanks") }
    }

    @Test func `that repeats its own state in the error shows no state`() throws {
        let state = "qH5Nw0rdsThatNobodyKnows"
        let response = AuthorizationResponse(query: "state=\(state)&error=x&error_description=no+\(state)+here")
        try response.check(state: Secret(state))
        #expect {
            try response.code(from: Examples.metadata())
        } throws: { error in
            guard case OAuthError.refused(_, _, _, let description?) = error else { return false }
            return description.hasPrefix("no ") && !description.contains(state)
        }
    }

    @Test func `with an error of another issuer hides the error`() {
        #expect(throws: OAuthError.responseIssuerMismatch(expected: Examples.issuer, found: "https://evil.example.com"))
        {
            try code("state=s&error=x&error_description=call+this+number&iss=https%3A%2F%2Fevil.example.com")
        }
    }

    @Test func `with an error but without the announced iss hides the error`() {
        let generic = OAuthError.refused(
            host: "login.example.com", status: 302, error: OAuthError.unverifiedRefusal, description: nil)
        #expect(throws: generic) { try code("state=s&error=x&error_description=call+this", advertised: true) }
    }

    /// Only four parameters decide. The value of any other one may be broken, doubled or in any encoding.
    @Test(arguments: [
        "x=1&x=1", "x=%FF", "x=%", "%FF=1", "x=%zz", "error_description=%C7%E0", "scope=a&scope=b", "&&", "=", "=x",
        "session_state=%00", "code_=d", "Code=d", "state[]=x",
    ])
    func `is accepted with any other parameters`(more: String) throws {
        #expect(try code("\(more)&state=s&code=c") == "c")
        #expect(try code("state=s&code=c&\(more)") == "c")
    }

    @Test func `with an error in another encoding reports the error code`() {
        let refusal = OAuthError.refused(
            host: "login.example.com", status: 302, error: "access_denied", description: "\u{FFFD}\u{FFFD}")
        #expect(throws: refusal) { try code("state=s&error=access_denied&error_description=%C7%E0") }
    }

    @Test(
        arguments: [
            ("", .noState(error: nil)), ("code=c", .noState(error: nil)), ("state=&code=c", .noState(error: nil)),
            ("error=invalid_scope", .noState(error: "invalid_scope")),
            ("error=run+this:+sh", .noState(error: nil)), ("error=%1B[2J", .noState(error: nil)),
            ("state=s", .undecided), ("state=s&code=c&error=e", .undecided),
            ("state=s&code=", .unusableCode), ("state=s&code=c%0A", .unusableCode), ("state=s&code=%FF", .unusableCode),
            ("state=x&state=s&code=c", .repeated(parameter: "state")),
            ("state=s&state=x&code=c", .repeated(parameter: "state")),
            ("state=s&code=c&code=d", .repeated(parameter: "code")),
            ("state=s&code=c&%63ode=d", .repeated(parameter: "code")),
            ("state=s&error=a&error=b", .repeated(parameter: "error")),
            ("state=s&code=c&iss=a&iss=b", .repeated(parameter: "iss")),
        ] as [(String, AuthorizationResponse.Problem)])
    func `that cannot be an answer is refused with the reason`(query: String, problem: AuthorizationResponse.Problem) {
        #expect(throws: OAuthError.unusableResponse(problem)) {
            try AuthorizationResponse(query: query).check(state: Secret("s"))
        }
    }

    @Test(arguments: ["state=S&code=c", "state=s%00&code=c", "state=%FF&error=e", "state=ss&code=c"])
    func `of another login is refused`(query: String) {
        #expect(throws: OAuthError.anotherLogin) { try AuthorizationResponse(query: query).check(state: Secret("s")) }
    }

    @Test(arguments: [
        "error_code=1349048&error_message=not+allowed", "errorCode=1349048&errorMessage=not+allowed",
        "error_code=1349048&error_description=not+allowed", "error=1349048&error_reason=not+allowed",
    ])
    func `may name an error in words of the server's own`(_ query: String) throws {
        let refusal = OAuthError.refused(
            host: "login.example.com", status: 302, error: "1349048", description: "not allowed")
        #expect(throws: refusal) { try code("state=s&" + query) }
        #expect(try code("state=s&code=c&error_code=x") == "c")
    }
}
