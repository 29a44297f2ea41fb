import Secrets
import TestSupport
import Testing

@testable import OAuth

@Suite struct `The gate of a login` {
    private static let authority = "127.0.0.1:4321"
    private static let genuine = "/callback?state=right&code=c0de"

    private func gate(
        callbackPath: String = "/callback", authority: String = authority, advertisesIssuer: Bool = false
    ) throws -> RedirectGate {
        RedirectGate(
            metadata: try Examples.metadata(advertisesIssuer: advertisesIssuer),
            authorizationAddress: "https://login.example.com/authorize?state=right", state: Secret("right"),
            authority: authority, callbackPath: callbackPath, lifetime: 300)
    }

    private func request(
        _ target: String, method: String = "GET", host: String? = authority, _ fields: [String: String] = [:]
    ) -> LoopbackRequest {
        LoopbackRequest(
            method: method, target: target,
            fields: (host.map { [(name: "host", value: $0)] } ?? []) + fields.map { (name: $0.key, value: $0.value) })
    }

    private func path(_ gate: RedirectGate) -> String {
        String(gate.startAddress.drop { $0 != "/" }.dropFirst(2).drop { $0 != "/" })
    }

    /// The remark that the request causes, if any.
    private func remark(_ gate: inout RedirectGate, _ request: LoopbackRequest) -> OAuthError? {
        guard case .remarked(let error) = gate.answer(request).1 else { return nil }
        return error
    }

    /// Opens the start address and returns the `Cookie` field that a browser sends afterwards.
    private func start(_ gate: inout RedirectGate) throws -> String {
        let (answer, _) = gate.answer(request(path(gate)))
        return String(try #require(answer.fields["Set-Cookie"]).prefix { $0 != ";" })
    }

    @Test(.counted(.hostileNeighbours)) func `redirects the browser once, with a cookie`() throws {
        var gate = try gate()
        let (answer, event) = gate.answer(request(path(gate)))
        #expect(answer.status == 302)
        #expect(answer.fields["Location"] == "https://login.example.com/authorize?state=right")
        #expect(answer.fields["Set-Cookie"]?.contains("; Path=/callback; HttpOnly; SameSite=Lax; Max-Age=300") == true)
        #expect(event == nil)
        let (second, _) = gate.answer(request(path(gate)))
        #expect(second.status == 410)
        #expect(second.fields["Location"] == nil)
        #expect(second.fields["Set-Cookie"] == nil)
    }

    @Test(.counted(.hostileNeighbours))
    func `does not redirect another user, and keeps the start address for our user`() throws {
        var gate = try gate()
        var stranger = request(path(gate))
        stranger.isFromStranger = true
        let (answer, _) = gate.answer(stranger)
        #expect(answer.status == 403)
        #expect(answer.fields["Location"] == nil && answer.fields["Set-Cookie"] == nil)
        let cookie = try start(&gate)
        stranger = request(Self.genuine, ["cookie": cookie])
        stranger.isFromStranger = true
        let (refusal, event) = gate.answer(stranger)
        #expect(refusal.status == 403)
        #expect(event == nil)
        #expect(gate.answer(request(Self.genuine, ["cookie": cookie])).0.status == 303)
    }

    @Test func `has its own start address`() throws {
        let nonces = try (0..<100).map { _ in String(path(try gate()).dropFirst("/start/".count)) }
        #expect(Set(nonces).count == 100)
        #expect(nonces.allSatisfy { $0.count == 22 })
    }

    @Test func `accepts the valid response and redirects to a clean address`() throws {
        var gate = try gate()
        let cookie = try start(&gate)
        let (answer, event) = gate.answer(request(Self.genuine, ["cookie": "other=1; \(cookie)"]))
        #expect(answer.status == 303)
        #expect(answer.fields["Location"] == "http://127.0.0.1:4321/done")
        #expect(answer.fields["Set-Cookie"]?.contains("Max-Age=0") == true)
        guard case .answered(.success(let code)) = event else { Issue.record("no code"); return }
        #expect(code == Secret("c0de"))

        let (page, end) = gate.answer(request("/done"))
        #expect(page.status == 200)
        guard case .ended = end else { Issue.record("no end"); return }
    }

    @Test(.counted(.hostileNeighbours)) func `accepts a response only once`() throws {
        var gate = try gate()
        let cookie = try start(&gate)
        _ = gate.answer(request(Self.genuine, ["cookie": cookie]))
        for fields in [["cookie": cookie], [:]] {
            let (replay, event) = gate.answer(request(Self.genuine, fields))
            #expect(replay.status == 303)
            #expect(replay.fields["Location"] == "http://127.0.0.1:4321/used")
            #expect(replay.fields["Set-Cookie"] == nil)
            #expect(event == nil)
        }
        let (page, event) = gate.answer(request("/used"))
        #expect(page.status == 410)
        #expect(event == nil)
    }

    struct Forgery: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var request: LoopbackRequest
        var status: Int
        /// Whether the request has our cookie, as from our user's browser.
        var hasCookie = true
    }

    @Test(
        .counted(.hostileNeighbours),
        arguments: [
            Forgery("wrong state", "/callback?state=wrong&code=evil", 400),
            Forgery("no state", "/callback?code=evil", 400),
            Forgery("empty state", "/callback?state=&code=evil", 400),
            Forgery("part of the state", "/callback?state=righ&code=evil", 400),
            Forgery("two states", "/callback?state=right&state=wrong&code=evil", 400),
            Forgery("an error without state", "/callback?error=access_denied", 400),
            Forgery("an error with a wrong state", "/callback?error=access_denied&state=wrong", 400),
            Forgery("no query", "/callback", 400),
            Forgery("right state, no cookie", "/callback?state=right&code=evil", 400, hasCookie: false),
            Forgery("right error, no cookie", "/callback?state=right&error=access_denied", 400, hasCookie: false),
            Forgery("another site's script", genuine, 400, fields: ["origin": "https://evil.example"]),
            Forgery("an opaque origin", genuine, 400, fields: ["origin": "null"]),
            Forgery("HEAD", genuine, 405, method: "HEAD"), Forgery("OPTIONS", genuine, 405, method: "OPTIONS"),
            Forgery("POST", genuine, 405, method: "POST"),
            Forgery("JSON", genuine, 405, method: "POST", fields: ["content-type": "application/json"]),
            Forgery("too long", "/callback?code=evil&state=" + String(repeating: "x", count: 16_384), 414),
            Forgery("PUT", genuine, 405, method: "PUT"),
            Forgery("a name that points at us", genuine, 400, host: "evil.example"),
            Forgery("another port", genuine, 400, host: "127.0.0.1:1"),
            Forgery("no port", genuine, 400, host: "127.0.0.1"),
            Forgery("no host", genuine, 400, host: nil),
            Forgery("a prefetch", genuine, 503, fields: ["sec-purpose": "prefetch;prerender"]),
            Forgery("a longer path", "/callback/x?state=right&code=evil", 404),
            Forgery("a path in another case", "/Callback?state=right&code=evil", 404),
            Forgery("an absolute target of a foreign name", "http://evil.example/callback?state=right&code=evil", 400),
            Forgery("an absolute target without a path", "http://127.0.0.1:4321?state=right&code=evil", 400),
            Forgery(
                "the name of this machine, wrong state", "/callback?state=wrong&code=evil", 400, host: "localhost:4321"),
            Forgery("two slashes, wrong state", "//callback?state=wrong&code=evil", 404),
            Forgery("the icon", "/favicon.ico", 404), Forgery("the root", "/", 404), Forgery("the end", "/done", 404),
            Forgery("the page after an answer that comes twice", "/used", 404),
            Forgery("a guessed start", "/start/AAAAAAAAAAAAAAAAAAAAAA", 404), Forgery("an empty start", "/start/", 404),
        ])
    func `ignores`(forgery: Forgery) throws {
        var gate = try gate()
        let cookie = try start(&gate)
        var request = forgery.request
        if forgery.hasCookie { request.fields.append((name: "cookie", value: cookie)) }
        let (answer, event) = gate.answer(request)
        #expect(answer.status == forgery.status)
        if let event {
            guard case .remarked = event else { Issue.record("\(event)"); return }
        }
        #expect(!answer.page.contains("evil"))
        // The valid response is still accepted.
        guard case .answered(.success) = gate.answer(self.request(Self.genuine, ["cookie": cookie])).1
        else { Issue.record("the login is over"); return }
    }

    @Test(.counted(.hostileNeighbours), arguments: ["prefetch", "prefetch;prerender", "Prefetch"])
    func `keeps the start address if a browser prefetches it`(purpose: String) throws {
        for field in ["sec-purpose", "purpose", "x-moz"] {
            var gate = try gate()
            #expect(gate.answer(request(path(gate), [field: purpose])).0.status == 503)
            #expect(gate.answer(request(path(gate), method: "HEAD")).0.status == 405)
            #expect(gate.answer(request(path(gate))).0.status == 302)
        }
    }

    @Test(
        arguments: [
            ("error=invalid_scope", .unusableResponse(.noState(error: "invalid_scope"))),
            ("code=evil", .unusableResponse(.noState(error: nil))),
            ("", .unusableResponse(.empty)), ("lang=en", .unusableResponse(.empty)),
            ("code=" + String(repeating: "x", count: 16_384), .unusableResponse(.tooLong)),
            ("state=wrong&code=evil", .anotherLogin),
        ] as [(String, OAuthError)])
    func `reports once what its own browser brings if it is no answer`(query: String, error: OAuthError) throws {
        var gate = try gate()
        let cookie = try start(&gate)
        let target = "/callback?" + query
        #expect(remark(&gate, request(target, ["cookie": "other=1"])) == nil)
        #expect(remark(&gate, request(target, ["cookie": cookie])) == error)
        #expect(remark(&gate, request(target, ["cookie": cookie])) == nil)
        #expect(gate.answer(request(Self.genuine, ["cookie": cookie])).0.status == 303)
        #expect(remark(&gate, request(target, ["cookie": cookie])) == nil)
    }

    // OAuth 2.0 Form Post Response Mode. The browser sends no cookie with another site's form, so the request decides that
    // follows the redirect.
    @Test func `repeats a form as a query`() throws {
        var gate = try gate()
        let cookie = try start(&gate)
        func post(_ body: String, _ type: String = "application/x-www-form-urlencoded") -> LoopbackRequest {
            var form = request("/callback", method: "POST", ["content-type": type, "origin": "https://a.example"])
            form.body = Array(body.utf8)
            return form
        }
        for (body, status) in [
            ("state=right\r\nX: y", 405), ("a b", 405), ("state=right#x", 405), ("\u{E9}", 405),
            (String(repeating: "x", count: 16_385), 414),
        ] {
            #expect(gate.answer(post(body)).0.status == status)
        }
        #expect(gate.answer(post("{}", "application/json")).0.status == 405)
        let (answer, event) = gate.answer(
            post("state=right&code=c0de", "Application/X-WWW-Form-Urlencoded; charset=utf-8"))
        #expect(answer.status == 303)
        #expect(answer.fields["Location"] == "http://127.0.0.1:4321/callback?state=right&code=c0de")
        #expect(event == nil)
        guard case .answered(.success(let code)) = gate.answer(request(Self.genuine, ["cookie": cookie])).1
        else { Issue.record("no code"); return }
        #expect(code == Secret("c0de"))
    }

    @Test(arguments: [
        "/callback?state=right&state=right&code=c0de&code=c0de", "/callback/?state=right&code=c0de",
        "http://127.0.0.1:4321/callback?state=right&code=c0de", "HTTP://127.0.0.1:4321/callback/?state=right&code=c0de",
        "/callback?code=c0de&state=&state=right", "/callback?iss=https%3A%2F%2Flogin.example.com&code=c0de&state=right",
    ])
    func `accepts what can mean only one thing`(target: String) throws {
        var gate = try gate()
        let cookie = try start(&gate)
        guard case .answered(.success(let code)) = gate.answer(request(target, ["cookie": cookie])).1
        else { Issue.record("no code"); return }
        #expect(code == Secret("c0de"))
    }

    @Test func `accepts long codes`() throws {
        var gate = try gate()
        let cookie = try start(&gate)
        let code = String(repeating: "c", count: 12_000)
        let answer = gate.answer(request("/callback?state=right&code=\(code)", ["cookie": cookie]))
        guard case .answered(.success(let given)) = answer.1 else { Issue.record("no code"); return }
        #expect(given == Secret(code))
    }

    @Test func `reports a valid response of another browser, which the user may paste`() throws {
        var gate = try gate()
        _ = try start(&gate)
        #expect(remark(&gate, request(Self.genuine)) == .unusableResponse(.anotherBrowser))
    }

    // Only the server knows the state, so there will be no other answer.
    @Test(
        arguments: [
            ("code=a&code=b", .repeated(parameter: "code")), ("x=y", .undecided), ("code=a&error=b", .undecided),
            ("code=%0A", .unusableCode), ("error_description=no", .undecided),
            ("code=a&iss=b&iss=c", .repeated(parameter: "iss")),
        ] as [(String, AuthorizationResponse.Problem)])
    func `ends with its server's answer, also if that is none`(query: String, problem: AuthorizationResponse.Problem)
        throws
    {
        var gate = try gate()
        let cookie = try start(&gate)
        let target = "/callback?state=right&" + query
        #expect(remark(&gate, request(target, ["cookie": "other=1"])) == nil)
        guard case .answered(.failure(let error)) = gate.answer(request(target, ["cookie": cookie])).1
        else { Issue.record("no end"); return }
        #expect(error == .unusableResponse(problem))
        #expect(gate.answer(request("/done")).0.page.contains("Not signed in"))
    }

    // People and terminals cut addresses off.
    @Test(arguments: [
        "/callback?state=right", "/callback?state=right&co", "/callback?state=right&code=%0A",
        "/callback?code=c0de&state=rig",
    ])
    func `goes on if only a part of the answer was pasted`(part: String) throws {
        var gate = try gate()
        _ = try start(&gate)
        #expect(throws: OAuthError.notTheRedirect(expected: "http://127.0.0.1:4321/callback")) {
            try gate.take(pasted: Secret("http://127.0.0.1:4321" + part))
        }
        #expect(try gate.take(pasted: Secret("http://127.0.0.1:4321/callback?state=right&code=c0de")) != nil)
    }

    // The browser sends no cookie there. It does with the request to which this leads.
    @Test(arguments: [
        ("//callback?state=right&code=c", "127.0.0.1:4321"), ("///callback/?state=right&code=c", "127.0.0.1:4321"),
        ("/callback?state=right&code=c", "localhost:4321"), ("/callback/?state=right&code=c", "LocalHost:4321"),
        ("//callback?state=right&code=c", "[::1]:4321"),
        ("http://localhost:4321/callback?state=right&code=c", "127.0.0.1:4321"),
    ])
    func `leads from another spelling of its callback to the callback`(target: String, host: String) throws {
        var gate = try gate()
        let cookie = try start(&gate)
        let (answer, event) = gate.answer(request(target, host: host))
        #expect(answer.status == 303 && event == nil)
        #expect(answer.fields["Location"] == "http://127.0.0.1:4321/callback?state=right&code=c")
        #expect(answer.fields["Set-Cookie"] == nil)
        guard case .answered(.success) = gate.answer(request("/callback?state=right&code=c", ["cookie": cookie])).1
        else { Issue.record("no code"); return }
    }

    @Test(arguments: [
        ("/?state=right&code=c", "127.0.0.1:4321", "http://127.0.0.1:4321/"),
        ("/other/callback?code=c&state=right", "127.0.0.1:4321", "http://127.0.0.1:4321/other/callback"),
        ("/callback/x?code=c&state=right", "127.0.0.1:4321", "http://127.0.0.1:4321/callback/x"),
        ("/callback?code=c&state=right", "machine.example:4321", "http://machine.example:4321/callback"),
        ("http://evil.example/callback?code=c&state=right", "127.0.0.1:4321", "http://evil.example/callback"),
    ])
    func `reports its server's answer that comes elsewhere`(target: String, host: String, address: String) throws {
        var gate = try gate()
        let cookie = try start(&gate)
        let found = remark(&gate, request(target, host: host, ["cookie": cookie]))
        #expect(found == .unusableResponse(.elsewhere(address: address)))
        #expect(remark(&gate, request(target.replacingBytes(of: "right", with: "wrong"), host: host)) == nil)
    }

    @Test(arguments: [
        ("text/plain", "state=right&code=c"), ("multipart/form-data; boundary=b", "--b\r\n\r\nright\r\n--b--"),
        ("application/json", #"{"state":"right","code":"c"}"#),
        ("application/x-www-form-urlencoded", "state=right&code=a b"),
    ])
    func `reports its server's answer in a form that it cannot read`(type: String, body: String) throws {
        var gate = try gate()
        _ = try start(&gate)
        var form = request("/callback", method: "POST", ["content-type": type, "origin": "https://a.example"])
        form.body = Array(body.utf8)
        #expect(remark(&gate, form) == .unusableResponse(.unreadable))
        form.body = Array("state=wrong!".utf8)
        #expect(remark(&gate, form) == nil)
    }

    @Test(arguments: ["HEAD", "OPTIONS", "PUT"])
    func `does not report what a browser or a scanner tries before the answer`(method: String) throws {
        var gate = try gate()
        let cookie = try start(&gate)
        #expect(remark(&gate, request(Self.genuine, method: method, ["cookie": cookie])) == nil)
        #expect(remark(&gate, request("/x?state=right", ["cookie": cookie, "purpose": "prefetch"])) == nil)
    }

    @Test func `reports only a few times: a page must not fill the terminal`() throws {
        var gate = try gate()
        let cookie = try start(&gate)
        let reported = (0..<50).filter {
            remark(&gate, request("/callback?error=e\($0)", ["cookie": cookie])) != nil
        }
        #expect(reported.count == 5)
    }

    @Test func `accepts a refusal and does not show its text`() throws {
        var gate = try gate()
        let cookie = try start(&gate)
        let target = "/callback?state=right&error=access_denied&error_description=%3Csvg%20onload%3Dx%3E"
        let (answer, event) = gate.answer(request(target, ["cookie": cookie]))
        #expect(answer.status == 303)
        guard case .answered(.failure(.refused(_, _, "access_denied", "<svg onload=x>"))) = event
        else { Issue.record("not refused"); return }
        let (page, _) = gate.answer(request("/done"))
        #expect(!page.page.contains("onload"))
        #expect(page.page.contains("Not signed in"))
    }

    @Test func `sends protective header fields with every page`() throws {
        var gate = try gate()
        for answer in [
            gate.answer(request("/x")).0, gate.answer(request(path(gate))).0, gate.answer(request("/done")).0,
        ] {
            #expect(answer.fields["Content-Security-Policy"]?.hasPrefix("default-src 'none'") == true)
            #expect(answer.fields["X-Content-Type-Options"] == "nosniff")
            #expect(answer.fields["Referrer-Policy"] == "no-referrer")
            #expect(answer.fields["Cache-Control"] == "no-store")
        }
    }

    @Test(arguments: [
        ("", "/?state=right&code=c", "/done"), ("/", "/?state=right&code=c", "/done"),
        ("/done", "/done?state=right&code=c", "/end"), ("/done/", "/done?state=right&code=c", "/end"),
        ("/used", "/used?state=right&code=c", "/done"),
    ])
    func `finds a free path for its pages beside any callback`(path: String, target: String, end: String) throws {
        var gate = try gate(callbackPath: path)
        let cookie = try start(&gate)
        let (answer, _) = gate.answer(request(target, ["cookie": cookie]))
        #expect(answer.fields["Location"] == "http://127.0.0.1:4321" + end)
        #expect(gate.answer(request(end)).0.status == 200)
    }
}

extension `The gate of a login`.Forgery {
    init(
        _ name: String, _ target: String, _ status: Int, method: String = "GET", host: String? = "127.0.0.1:4321",
        fields: [String: String] = [:], hasCookie: Bool = true
    ) {
        testDescription = name
        request = LoopbackRequest(
            method: method, target: target,
            fields: (host.map { [(name: "host", value: $0)] } ?? []) + fields.map { (name: $0.key, value: $0.value) })
        self.status = status
        self.hasCookie = hasCookie
    }
}
