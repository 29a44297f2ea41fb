import AuthorizationServer
import Secrets
import Testing

@Suite("Authorization endpoint (RFC 6749 section 4.1)", .timeLimit(.minutes(1)))
struct AuthorizeTests {
    @Test func `signing in gives a code, the unchanged state, and the issuer`() async throws {
        try await withServer { conversation in
            let answer = try await conversation.signIn(try await conversation.openPage())
            #expect(answer.status == 303)
            #expect(answer["location"]?.hasPrefix("http://127.0.0.1:4711/callback?") == true)
            #expect(answer["cache-control"] == "no-store")
            #expect(answer.redirected["state"] == "s/t&te")
            #expect(answer.redirected["iss"] == conversation.server.issuer)
            #expect(answer.redirected["code"]?.count == 43)
        }
    }

    @Test func `the page has no script, loads nothing, and escapes its texts`() async throws {
        var configuration = AuthorizationServerConfiguration()
        configuration.signInNote = "Sign in as <demo> & go"
        try await withServer(configuration) { conversation in
            let page = try await conversation.authorize(["login_hint": "\"><svg onload=x>"])
            #expect(page.status == 200)
            #expect(!page.text.contains("<svg"))
            #expect(page.text.contains("Sign in as &lt;demo&gt; &amp; go"))
            #expect(page["content-security-policy"]?.hasPrefix("default-src 'none'") == true)
            #expect(page["cache-control"] == "no-store")
            #expect(page["set-cookie"]?.contains("HttpOnly; SameSite=Strict") == true)
        }
    }

    // Without a known client and redirect URI the server must not redirect (section 4.1.2.1).
    @Test(
        arguments: [
            ["client_id": "stranger"], ["client_id": nil], ["redirect_uri": "http://127.0.0.1/other"],
            ["redirect_uri": "https://evil.example/callback"], ["redirect_uri": nil],
        ] as [[String: String?]])
    func `an unknown client or redirect URI gets a page, never a redirect`(changes: [String: String?]) async throws {
        try await withServer { conversation in
            let answer = try await conversation.authorize(changes)
            #expect(answer.status == 400)
            #expect(answer["location"] == nil)
        }
    }

    @Test(
        arguments: [
            (["response_type": "token"], "unsupported_response_type"), (["response_type": nil], "invalid_request"),
            (["code_challenge": nil], "invalid_request"), (["code_challenge_method": nil], "invalid_request"),
            (["code_challenge_method": "plain"], "invalid_request"), (["code_challenge": "short"], "invalid_request"),
            (["scope": "everything"], "invalid_scope"), (["resource": "not-absolute"], "invalid_target"),
            (["resource": "https://git.example.com/#f"], "invalid_target"),
        ] as [([String: String?], String)])
    func `an invalid request is redirected with an error, the state and the issuer`(
        changes: [String: String?], error: String
    ) async throws {
        try await withServer { conversation in
            let answer = try await conversation.authorize(changes)
            #expect(answer.status == 303)
            #expect(answer.redirected["error"] == error)
            #expect(answer.redirected["state"] == "s/t&te")
            #expect(answer.redirected["iss"] == conversation.server.issuer)
            #expect(answer.redirected["code"] == nil)
        }
    }

    @Test(arguments: ["&state=again", "&scope=", "&scope=read_repository&scope=write_repository"])
    func `a parameter that comes twice is refused`(appended: String) async throws {
        try await withServer { conversation in
            let url = conversation.authorizationURL(["scope": .some("read_repository")], append: appended)
            let answer = try await WebClient.get(url)
            #expect(answer.redirected["error"] == "invalid_request")
        }
    }

    @Test func `a second client_id or redirect_uri is answered with a page`() async throws {
        try await withServer { conversation in
            for appended in ["&client_id=keyfob-demo", "&redirect_uri=http%3A%2F%2F127.0.0.1%2Fcallback"] {
                let answer = try await WebClient.get(conversation.authorizationURL(append: appended))
                #expect(answer.status == 400)
                #expect(answer["location"] == nil)
            }
        }
    }

    @Test func `refusing gives access_denied`() async throws {
        try await withServer { conversation in
            let answer = try await conversation.signIn(try await conversation.openPage(), decision: "deny")
            #expect(answer.redirected["error"] == "access_denied")
            #expect(answer.redirected["state"] == "s/t&te")
            #expect(answer.redirected["iss"] == conversation.server.issuer)
        }
    }

    @Test(arguments: [("demo", "wrong"), ("stranger", "demo"), ("demo", ""), ("", "")])
    func `a wrong name or password gives the page again, and no code`(name: String, password: String) async throws {
        try await withServer { conversation in
            let page = try await conversation.openPage()
            let answer = try await conversation.signIn(page, name: name, password: password)
            #expect(answer.status == 403)
            #expect(answer.text.contains("wrong"))
            #expect(try await conversation.signIn(page).status == 303, "the page may be tried again")
        }
    }

    @Test func `a form needs its token and the cookie of the browser that got the page`() async throws {
        try await withServer { conversation in
            let (mine, theirs) = (try await conversation.openPage(), try await conversation.openPage())
            for page in [
                (mine.cookie, "forged"), ("authorization_server_browser=forged", mine.csrf), (theirs.cookie, mine.csrf),
                ("other=1", mine.csrf), (mine.cookie, ""),
            ] {
                let answer = try await conversation.signIn((cookie: page.0, csrf: page.1))
                #expect(answer.status == 403)
                #expect(answer["location"] == nil)
            }
        }
    }

    @Test func `a form is valid once, and for ten minutes`() async throws {
        try await withServer { conversation in
            let page = try await conversation.openPage()
            #expect(try await conversation.signIn(page).status == 303)
            #expect(try await conversation.signIn(page).status == 403)
            let late = try await conversation.openPage()
            conversation.server.advanceClock(bySeconds: 601)
            #expect(try await conversation.signIn(late).status == 403)
        }
    }

    @Test(
        arguments: [
            (.omitted, nil), (.other("https://honest.example"), "https://honest.example"),
        ] as [(AuthorizationServerConfiguration.IssuerParameter, String?)])
    func `a test can change the issuer parameter`(
        parameter: AuthorizationServerConfiguration.IssuerParameter, expected: String?
    ) async throws {
        var configuration = AuthorizationServerConfiguration()
        configuration.issuerParameter = parameter
        configuration.signsInAtOnceAs = "demo"
        try await withServer(configuration) { conversation in
            let answer = try await conversation.authorize()
            #expect(answer.status == 303)
            #expect(answer.redirected["iss"] == expected)
        }
    }
}
