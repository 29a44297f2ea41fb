import Secrets
import Testing

@testable import OAuth

@Suite struct `An authorization response` {
    private func code(
        _ query: String, advertised: Bool = false, issuer: String? = Examples.issuer
    ) throws -> String? {
        let response = try #require(AuthorizationResponse(query: query))
        return try response.code(from: Examples.metadata(issuer: issuer, advertisesIssuer: advertised)).exposedText
    }

    // RFC 9207 section 2.4; the names are those of the Model Context Protocol conformance scenarios.
    @Test(arguments: [
        ("iss-supported", "&iss=https%3A%2F%2Flogin.example.com", true),
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
            ("iss-normalized", "", false),
        ] as [(String, String?, Bool)])
    func `of another issuer ends the login`(scenario: String, iss: String?, advertised: Bool) {
        let parameter = iss.map { "&iss=" + FormEncoding.encode($0) } ?? ""
        #expect(throws: OAuthError.responseIssuerMismatch(expected: Examples.issuer, found: iss)) {
            try code("state=s&code=c" + parameter, advertised: advertised)
        }
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

    @Test(arguments: [
        "", "code=c", "state=&code=c", "state=s", "state=s&code=", "state=s&code=c&error=e", "state=s&state=s&code=c",
        "state=s&code=c&code=d", "state=s&code=c&iss=a&iss=a", "state=s&code=c%0A", "state=s&code=%FF",
        "state=s&code=%",
        "state=s&code=c&x=1&x=1",
    ])
    func `that is invalid is refused`(query: String) {
        #expect(AuthorizationResponse(query: query) == nil)
    }
}
