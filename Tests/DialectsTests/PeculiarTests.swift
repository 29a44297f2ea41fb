import Addresses
import CredentialProtocol
import Dialects
import Secrets
import Testing

/// Rules that apply to one caller only.
@Suite struct `Special rules for callers` {
    private static func execInfo(_ version: String, interactive: Bool = false) -> [String: String] {
        [
            "KUBERNETES_EXEC_INFO": #"{"apiVersion":"client.authentication.k8s.io/\#(version)","#
                + #""spec":{"interactive":\#(interactive),"cluster":{"server":"https://c.example:6443/x"}}}"#
        ]
    }

    @Test(arguments: ["v1", "v1beta1"])
    func `kubectl gets an answer in its own API version`(_ version: String) throws {
        var kubernetes = Asking(KubernetesDialect.self)
        let request = try kubernetes.request(["get"], variables: Self.execInfo(version))
        #expect(try kubernetes.printed(Examples.token, for: request).contains("k8s.io/\(version)\""))
    }

    @Test(
        arguments: [
            // keyfob reports each expiry thirty seconds early.
            (1_900_000_030, "2030-03-17T17:46:40Z"), (1_709_164_829, "2024-02-28T23:59:59Z"),
            (1_709_251_230, "2024-03-01T00:00:00Z"), (253_402_300_829, "9999-12-31T23:59:59Z"),
            (253_402_300_830, nil), (Int64.max, nil),
        ] as [(Int64, String?)])
    func `kubectl gets an expiry only if RFC 3339 can express it`(_ end: Int64, _ expected: String?) throws {
        var kubernetes = Asking(KubernetesDialect.self)
        var token = Examples.token
        token.passwordExpiryUTC = end
        let request = try kubernetes.request(["get"], variables: Self.execInfo("v1"))
        let printed = try kubernetes.printed(token, for: request, now: 1_000_000_000)
        #expect(printed.contains("expirationTimestamp") == (expected != nil))
        if let expected { #expect(printed.contains("\"\(expected)\"")) }
    }

    @Test func `keyfob asks the user for kubectl only if it allows that, and prefers a URL argument`() throws {
        var kubernetes = Asking(KubernetesDialect.self)
        let interactive = Self.execInfo("v1", interactive: true)
        #expect(try kubernetes.request(["get"], variables: interactive).interaction == nil)
        let named = try kubernetes.request(["get", "https://other.example"], variables: interactive)
        #expect(named.host == "other.example")
        let bare = try kubernetes.request(["get", "https://other.example"])
        #expect(bare.interaction == .never)
        #expect(try kubernetes.printed(Examples.token, for: bare).contains("/v1beta1"))
    }

    @Test func `An unknown API version and a missing cluster are refused`() {
        var kubernetes = Asking(KubernetesDialect.self)
        #expect(throws: InvocationError.self) { try kubernetes.question(["get"], variables: Self.execInfo("v2")) }
        #expect(throws: InvocationError.self) { try kubernetes.question(["get"]) }
        #expect(throws: InvocationError.self) {
            try kubernetes.question(["get"], variables: ["KUBERNETES_EXEC_INFO": "nonsense"])
        }
    }

    @Test func `An answer with a token that does not expire has no expiry`() throws {
        var response = Examples.token
        response.passwordExpiryUTC = nil
        var kubernetes = Asking(KubernetesDialect.self)
        let request = try kubernetes.request(["get"], variables: Self.execInfo("v1"))
        #expect(try kubernetes.printed(response, for: request).contains("expirationTimestamp") == false)
        var cargo = Asking(CargoDialect.self)
        let line = #"{"v":1,"kind":"get","registry":{"index-url":"https://h.example/"}}"#
        let asked = try cargo.request(["--cargo-plugin"], input: line)
        #expect(try cargo.printed(response, for: asked).contains(#""cache":"session""#))
    }

    @Test func `Cargo logs in with a token or through a sign-in, and logs out`() throws {
        var cargo = Asking(CargoDialect.self)
        func line(_ kind: String, _ more: String = "") -> String {
            #"{"v":1,"kind":"\#(kind)","registry":{"index-url":"sparse+https://h.example/i/"}\#(more)}"#
        }
        let kept = try cargo.question(["--cargo-plugin"], input: line("login", #","token":"its own""#))
        #expect(kept == .store(.at("h.example", path: "i", username: "cargo", password: "its own")))
        #expect(cargo.dialect.done(.store) == Reply(#"{"Ok":{"kind":"login"}}"# + "\n"))
        var asked = CredentialRequest.at("h.example", path: "i")
        asked.interaction = nil
        #expect(try cargo.question(["--cargo-plugin"], input: line("login")) == .renew(asked))
        #expect(try cargo.printed(Examples.token, for: asked) == #"{"Ok":{"kind":"login"}}"# + "\n")
        let gone = try cargo.question(["--cargo-plugin"], input: line("logout"))
        #expect(gone == .erase(.at("h.example", path: "i")))
        #expect(cargo.dialect.done(.erase) == Reply(#"{"Ok":{"kind":"logout"}}"# + "\n"))
        #expect(try cargo.question(["--cargo-plugin"]) == .reply(.end))
    }

    @Test(arguments: [
        (Report(.noCredential, "m"), "not-found"),
        (Report(.unsupportedService, "m"), "url-not-supported"),
        (Report(.usage, "m"), "operation-not-supported"), (Report(.denied, "m"), "other"),
    ])
    func `Cargo gets the kind of an error`(_ failure: Report, _ kind: String) {
        let reply = Asking(CargoDialect.self).dialect.failed(failure)
        #expect(reply == Reply(#"{"Err":{"kind":"\#(kind)","message":"m"}}"# + "\n"))
    }

    @Test func `Cargo's own token is returned unchanged, and its registry's challenges are read`() throws {
        var cargo = Asking(CargoDialect.self)
        let headers = #"["WWW-Authenticate: Cargo login_url=\"https://h.example/me\"","X-Other: 1"]"#
        let line = #"{"v":1,"kind":"get","registry":{"index-url":"https://h.example/","headers":\#(headers)}}"#
        let request = try cargo.request(["--cargo-plugin"], input: line)
        #expect(request.wwwauth == [#"Cargo login_url="https://h.example/me""#])
        let own = CredentialResponse(username: "cargo", password: Secret("its own"))
        #expect(try cargo.printed(own, for: request).contains(#""token":"its own""#))
    }

    @Test(arguments: [
        (#"{"uri":"grpcs://h.example/s.S/M"}"#, "https://h.example/s.S/M"),
        (#"{"url":"https://h.example"}"#, "https://h.example"),
        (#"{"uri":"grpc://localhost:9000/x","more":[1]}"#, "http://localhost:9000/x"),
    ])
    func `A build tool may use gRPC, the older member name, and unknown members`(_ input: String, _ url: String) throws
    {
        var bazel = Asking(BazelDialect.self)
        #expect(try bazel.request(["get"], input: input).url?.description == url)
    }

    @Test(arguments: [
        #"{"uri":"grpc://h.example"}"#, #"{"uri":"http://h.example"}"#, #"{"uri":"https://h.example\n"}"#,
    ])
    func `A build tool's URL without TLS is refused, unless it is on loopback`(_ input: String) {
        var bazel = Asking(BazelDialect.self)
        #expect(throws: InvocationError.self) { try bazel.question(["get"], input: input) }
    }

    @Test func `go gets a header for the whole service, but none before a request or without TLS`() throws {
        var go = Asking(GoDialect.self)
        #expect(try go.question([]) == .reply(Reply()))
        #expect(try go.question(["http://127.0.0.1:1/x"], input: "") == .reply(Reply()))
        let head = "HTTP/2.0 403 Forbidden\nWww-Authenticate: Bearer error=\"insufficient_scope\"\nX: y\n\n"
        let request = try go.request(["https://h.example/a/b/@v/list"], input: head)
        #expect(request.wwwauth == [#"Bearer error="insufficient_scope""#])
        // U+2028 does not end a line, and a combining mark after a colon does not hide it.
        let folded = "HTTP/1.1 401 U\r\nX: y\u{2028}WWW-Authenticate: Bearer\r\nWWW-Authenticate:\u{301}a\r\n\r\n"
        #expect(try go.request(["https://h.example/"], input: folded).wwwauth == ["\u{301}a"])
        let printed = try go.printed(Examples.token, for: request, service: ServiceURL("https://h.example/a"))
        #expect(printed == "https://h.example/a\n\nAuthorization: Bearer to.ke.n\n\n")
    }

    @Test func `Google gets a JWT of the type that it asks for, and no other token`() throws {
        var google = Asking(GoogleDialect.self)
        let type = "urn:ietf:params:oauth:token-type:id_token"
        let request = try google.request(
            ["get", "https://h.example"], variables: ["GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE": type])
        #expect(try google.printed(Examples.token, for: request).contains(type))
        for token in ["opaque", "a.b", "a..c", "a.b.c.d", "a.b.c="] {
            var response = Examples.token
            response.password = Secret(token)
            #expect(try google.printed(response, for: request).contains(#""success":false"#))
        }
        #expect(throws: InvocationError.self) {
            try google.question(
                ["get", "https://h.example"],
                variables: ["GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE": "urn:ietf:params:oauth:token-type:saml2"])
        }
    }

    @Test func `An MCP client's argument overrides its variable, and it gets a token for a day`() throws {
        var headers = Asking(HeadersDialect.self)
        let variables = ["CLAUDE_CODE_MCP_SERVER_URL": "https://two.example"]
        #expect(try headers.request(["https://one.example"], variables: variables).host == "one.example")
        #expect(try headers.request([], variables: variables).minTTL == 86_400)
        #expect(throws: InvocationError.self) { try headers.question([]) }
        #expect(throws: InvocationError.self) { try headers.question(["http://one.example"]) }
    }

    @Test func `A user name in a URL is used, and a password in it is ignored`() throws {
        var pnpm = Asking(PnpmDialect.self)
        #expect(try pnpm.request(["get", "https://bob:s3cret@h.example"]) == .at("h.example", username: "bob"))
    }

    @Test func `A caller's text is shown without control characters`() {
        let failure = Report(.notAService("\u{1B}[2Jhttps://h\u{202E}"))
        #expect(failure.message == "\"?[2Jhttps://h?\" is neither an https URL nor an http URL of a loopback host")
        #expect(Report(.unknownOperation(String(repeating: "x", count: 300))).message.count < 250)
    }

    @Test(arguments: [
        "http://bob:s3cret@h.example", "https://bob:s3cret@h.example:99999", "bob:s3cret@h.example",
        "https:bob:s3cret@h",
        "https://bob:s3/cret@h.example", "https://bob:s3cret@h.example/a b", "https://bob:s3cret@127.1", "s3cret@",
        "https://bob:s3cr@et@h.example:x", "https://h.example:x/?token=s3cret", "https://h.example:x/#s3cret",
    ])
    func `A password in a refused URL is not shown`(_ url: String) {
        for error in [InvocationError.notAService(url), .ambiguousPath(url)] {
            let report = Report(error)
            #expect(!([report.message] + report.hints).joined().contains("s3"), "\(report)")
        }
    }
}
