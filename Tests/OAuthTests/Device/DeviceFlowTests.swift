import Addresses
import Secrets
import Synchronization
import TestSupport
import Testing

@testable import OAuth

@Suite(.timeLimit(.minutes(1)))
struct `A login on another device` {
    private static let device = "https://login.example.com/device"
    private static let token = "https://login.example.com/token"
    private static let success = ScriptedTransport.Answer.json(#"{"access_token":"AT","token_type":"Bearer"}"#)

    private static func offer(_ changes: String = "") -> ScriptedTransport.Answer {
        .json(
            #"{"device_code":"DC","user_code":"WDJB-MJHT","verification_uri":"https://login.example.com/go","#
                + #""expires_in":600,"interval":2\#(changes)}"#)
    }

    private static func error(_ code: String) -> ScriptedTransport.Answer {
        .json(#"{"error":"\#(code)"}"#, status: 400)
    }

    /// Runs a login in which every pause ends at once. Also returns the pauses.
    private func logIn(
        offer: ScriptedTransport.Answer = offer(), _ answers: [ScriptedTransport.Answer],
        present: @escaping @Sendable (PendingDeviceLogin) async throws -> Void = { _ in }
    ) async -> (Result<TokenResponse, any Error>, pauses: [Int], forms: [String]) {
        let transport = ScriptedTransport([Self.device: [offer], Self.token: answers])
        let pauses = PauseLog()
        do {
            var metadata = try Examples.metadata()
            metadata.deviceAuthorizationEndpoint = try EndpointURL(Self.device)
            let parameters = AuthorizationParameters(
                metadata: metadata, client: Client(id: "me"), scopes: ["read", "write"], deadline: .seconds(900))
            let flow = DeviceFlow(parameters, transport: transport, pause: { pauses.append($0) })
            let response = try await flow.run(present: present)
            return (.success(response), pauses.seconds, transport.requests.compactMap { $0.form?.exposedText })
        } catch {
            return (.failure(error), pauses.seconds, transport.requests.compactMap { $0.form?.exposedText })
        }
    }

    @Test(arguments: [
        "", #","verification_uri":"""#, #","verification_uri":"javascript:x""#, #","verification_url":7"#,
    ])
    func `uses the address with the code if the server names no other`(more: String) async throws {
        let shown = Mutex<PendingDeviceLogin?>(nil)
        let offer = ScriptedTransport.Answer.json(
            #"{"device_code":"DC","user_code":"U","verification_uri_complete":"https://login.example.com/go?c=U"\#(more)}"#
        )
        let (result, _, _) = await logIn(offer: offer, [Self.success]) { login in shown.withLock { $0 = login } }
        #expect(try result.get().accessToken == Secret("AT"))
        let login = try #require(shown.withLock { $0 })
        #expect(login.address.string == "https://login.example.com/go?c=U")
        #expect(login.completeAddress == login.address)
    }

    @Test func `shows the code and polls until the user has decided`() async throws {
        let shown = Mutex<PendingDeviceLogin?>(nil)
        let pending = Self.error("authorization_pending")
        let (result, pauses, forms) = await logIn([pending, pending, Self.success]) { login in
            shown.withLock { $0 = login }
        }
        #expect(try result.get().accessToken == Secret("AT"))
        #expect(pauses == [2, 2, 2])
        #expect(forms.first == "scope=read%20write&client_id=me")
        #expect(
            forms.last
                == "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=DC&client_id=me")
        let login = try #require(shown.withLock { $0 })
        #expect(login.userCode == "WDJB-MJHT")
        #expect(login.address.string == "https://login.example.com/go")
        #expect(login.completeAddress == nil)
    }

    @Test func `polls more slowly for good after slow_down`() async throws {
        let answers = ["slow_down", "authorization_pending", "slow_down"].map(Self.error) + [Self.success]
        let (result, pauses, _) = await logIn(answers)
        #expect(throws: Never.self) { try result.get() }
        #expect(pauses == [2, 7, 7, 12])
    }

    @Test func `continues after temporary server errors`() async throws {
        let answers: [ScriptedTransport.Answer] = [
            .failure(.unreachable(host: "login.example.com", reason: "x")),
            .failure(.timedOut(host: "login.example.com", seconds: 30)),
            .status(503, fields: [(name: "Retry-After", value: "30")]), Self.error("authorization_pending"),
            .status(502), Self.success,
        ]
        let (result, pauses, _) = await logIn(answers)
        #expect(throws: Never.self) { try result.get() }
        #expect(pauses == [2, 4, 8, 30, 8, 16])
    }

    @Test(arguments: [(2, [4, 8, 16, 32, 60, 60]), (50, [60, 60]), (90, [90, 90])])
    func `limits the pause after network failures`(interval: Int, pauses: [Int]) throws {
        var pace = PollingPace(interval: interval)
        for pause in pauses {
            let failure = UnsuccessfulPoll(.unreachable(host: "login.example.com", reason: "x"))
            #expect(try pace.pause(after: failure) == pause)
        }
    }

    /// An answer to one poll that does not decide, and the pauses before it, after it, and after `authorization_pending`.
    static let undecided: [(String, ScriptedTransport.Answer, [Int])] = [
        ("a page", .body("<html>Bad gateway", type: "text/html", status: 200), [2, 4, 4]),
        ("a page with 403", .body("<html>Access denied", type: "text/html", status: 403), [2, 4, 4]),
        ("a page with 400", .body("<html>", type: "text/html", status: 400), [2, 4, 4]),
        ("400", .status(400), [2, 4, 4]),
        ("502", .status(502), [2, 4, 4]), ("an empty 200", .status(200), [2, 4, 4]), ("204", .status(204), [2, 4, 4]),
        ("404", .status(404), [2, 4, 4]), ("401 without an error", .json("{}", status: 401), [2, 4, 4]),
        ("an object without a token", .json("{}"), [2, 4, 4]), ("null", .json("null"), [2, 4, 4]),
        ("half of JSON", .json("{"), [2, 4, 4]), ("an empty token", .json(#"{"access_token":""}"#), [2, 4, 4]),
        ("a redirect to a portal", .status(302, fields: [(name: "Location", value: "https://x/")]), [2, 4, 4]),
        ("an unknown error that asks for patience", error("please_wait"), [2, 4, 4]),
        ("a lost connection", .failure(.answerLost(host: "login.example.com")), [2, 4, 4]),
        ("a certificate of a portal", .failure(.untrusted(host: "login.example.com", reason: .otherName)), [2, 4, 4]),
        ("pending in capitals", error("AUTHORIZATION_PENDING"), [2, 2, 2]),
        ("pending with blanks", error("authorization pending"), [2, 2, 2]),
        ("pending with 200", .json(#"{"error":"authorization_pending"}"#), [2, 2, 2]),
        ("pending with 428", .json(#"{"error":"authorization_pending"}"#, status: 428), [2, 2, 2]),
        ("slow_down with 200", .json(#"{"error":"slow_down"}"#), [2, 7, 7]),
        ("slow_down with 429", .json(#"{"error":"slow_down"}"#, status: 429), [2, 7, 7]),
        ("slow_down with 503", .json(#"{"error":"slow_down"}"#, status: 503), [2, 7, 7]),
        ("slow-down in capitals", error("Slow-Down"), [2, 7, 7]),
        ("slow_down as text", .body("slow_down", type: "text/html", status: 400), [2, 7, 7]),
        ("SlowDown in XML", .body("<Error><Code>SlowDown</Code></Error>", type: "text/html", status: 503), [2, 7, 7]),
        ("slow_down in an object", .json(#"{"error":{"code":"slow_down"}}"#, status: 400), [2, 7, 7]),
        ("429", .status(429), [2, 7, 7]),
        ("429 with Retry-After", .status(429, fields: [(name: "Retry-After", value: "30")]), [2, 30, 2]),
        ("503 with Retry-After", .status(503, fields: [(name: "Retry-After", value: "1")]), [2, 2, 2]),
    ]

    @Test(arguments: undecided)
    func `goes on after any answer that does not decide`(
        name: String, answer: ScriptedTransport.Answer, pauses expected: [Int]
    ) async {
        let (result, pauses, _) = await logIn([answer, Self.error("authorization_pending"), Self.success])
        #expect(throws: Never.self) { try result.get() }
        #expect(pauses == expected)
    }

    @Test func `says each unexpected answer once`() async throws {
        var metadata = try Examples.metadata()
        metadata.deviceAuthorizationEndpoint = try EndpointURL(Self.device)
        let answers = [.status(502), .status(502), Self.error("authorization_pending"), .status(404), Self.success]
        let flow = DeviceFlow(
            AuthorizationParameters(metadata: metadata, client: Client(id: "me")),
            transport: ScriptedTransport([Self.device: [Self.offer()], Self.token: answers]), pause: { _ in })
        let remarks = Mutex<[OAuthError]>([])
        _ = try await flow.run(remark: { remark in remarks.withLock { $0.append(remark) } }) { _ in }
        #expect(remarks.withLock(\.count) == 2)
    }

    @Test(arguments: [
        (#","interval":0"#, 5), (#","interval":-1"#, 5), (#","interval":"7""#, 7), (#","interval":"soon""#, 5),
        (#","interval":[]"#, 5), (#","interval":2.5"#, 2), (#","interval":1e9"#, 60), ("", 5),
    ])
    func `reads the interval and the lifetime in any form`(interval: String, pause: Int) async {
        for lifetime in [#","expires_in":600"#, #","expires_in":"600""#, #","expires_in":0"#, ""] {
            let offer = ScriptedTransport.Answer.json(
                #"{"device_code":"DC","user_code":"A","verification_uri":"https://login.example.com/go""#
                    + "\(lifetime)\(interval)}")
            let (result, pauses, _) = await logIn(offer: offer, [Self.success])
            #expect(throws: Never.self) { try result.get() }
            #expect(pauses == [pause])
        }
    }

    // RFC 8628 section 3.3.1, the name in Google's older implementation, and addresses as people write them.
    @Test(arguments: [
        #""verification_uri":"https://login.example.com/go""#, #""verification_url":"https://login.example.com/go""#,
        #""verificationUri":" https://login.example.com/go ""#, #""verification_uri":"login.example.com/go""#,
        #""verification_uri":"/go""#, #""verification_uri":null,"verification_url":"https://login.example.com/go""#,
        #""verification_uri":7,"verification_url":"/go""#,
    ])
    func `reads the address in any form`(member: String) async throws {
        for (code, shownCode) in [(#""WDJB""#, "WDJB"), ("123456", "123456"), (#"" 12 34 ""#, "12 34")] {
            let shown = Mutex<PendingDeviceLogin?>(nil)
            let offer = ScriptedTransport.Answer.json(
                #"{"device_code":"DC","user_code":\#(code),\#(member),"expires_in":600}"#)
            let (result, _, _) = await logIn(offer: offer, [Self.success]) { login in shown.withLock { $0 = login } }
            #expect(throws: Never.self) { try result.get() }
            #expect(shown.withLock { $0?.address.string } == "https://login.example.com/go")
            #expect(shown.withLock { $0?.userCode } == shownCode)
        }
    }

    private static func failed(_ error: OAuthError) -> OAuthError {
        .endpointFailed(member: "device_authorization_endpoint", at: device, by: error)
    }

    @Test(
        arguments: [
            (.status(404), .refused(host: "login.example.com", status: 404, error: "HTTP 404", description: nil)),
            (.status(405), .refused(host: "login.example.com", status: 405, error: "HTTP 405", description: nil)),
            (.status(501), .unavailable(host: "login.example.com", status: 501, retryAfter: nil)),
            (
                .body("<html>Hello", type: "text/html"),
                .notJSON(host: "login.example.com", contentType: "text/html")
            ),
            (.json("{}"), .missingEndpoint(member: "device_code")),
            (.failure(.timedOut(host: "h", seconds: 30)), .timedOut(host: "h", seconds: 30)),
        ] as [(ScriptedTransport.Answer, OAuthError)])
    func `names the endpoint if it does not work`(answer: ScriptedTransport.Answer, error: OAuthError) async {
        let (result, _, _) = await logIn(offer: answer, [Self.success]) { _ in Issue.record("the person was asked") }
        #expect(throws: Self.failed(error)) { try result.get() }
    }

    @Test(arguments: [
        (
            "access_denied",
            OAuthError.refused(host: "login.example.com", status: 400, error: "access_denied", description: nil)
        ),
        ("expired_token", .codeExpired(seconds: 600)),
        (
            "device_not_found",
            .refused(host: "login.example.com", status: 400, error: "device_not_found", description: nil)
        ),
        ("invalid_grant", .refused(host: "login.example.com", status: 400, error: "invalid_grant", description: nil)),
        (
            "unauthorized_client",
            .refused(host: "login.example.com", status: 400, error: "unauthorized_client", description: nil)
        ),
        (
            "unsupported_grant_type",
            .refused(host: "login.example.com", status: 400, error: "unsupported_grant_type", description: nil)
        ),
    ])
    func `ends with the server's error`(code: String, error: OAuthError) async {
        let (result, pauses, _) = await logIn([Self.error(code)])
        #expect(throws: error) { try result.get() }
        #expect(pauses.count == 1)
    }

    @Test(arguments: [
        #","verification_uri_complete":"https://login.example.com/go?c=1","interval":null"#,
        #","verification_uri_complete":"javascript:alert(1)""#,
    ])
    func `offers the complete address only if it is a valid URL`(changes: String) async {
        let shown = Mutex<PendingDeviceLogin?>(nil)
        let offer = ScriptedTransport.Answer.json(
            #"{"device_code":"DC","user_code":"AB-12","verification_uri":"https://login.example.com/go","#
                + #""expires_in":600\#(changes)}"#)
        let (_, pauses, _) = await logIn(offer: offer, [Self.success]) { login in shown.withLock { $0 = login } }
        let address = shown.withLock { $0?.completeAddress?.string }
        #expect(address == (changes.contains("javascript") ? nil : "https://login.example.com/go?c=1"))
        #expect(shown.withLock { $0?.userCode } == "AB-12")
        #expect(pauses == [5])
    }

    @Test(arguments: [
        ("null", OAuthError.missingEndpoint(member: "verification_uri")),
        (#""//evil.example/go""#, .invalidEndpoint(member: "verification_uri")),
        (#""user@login.example.com/go""#, .invalidEndpoint(member: "verification_uri")),
        (#""http://login.example.com/go""#, .invalidEndpoint(member: "verification_uri")),
        (#""javascript:alert(1)""#, .invalidEndpoint(member: "verification_uri")),
    ])
    func `shows no address that is not trustworthy`(address: String, error: OAuthError) async {
        let offer = ScriptedTransport.Answer.json(
            #"{"device_code":"DC","user_code":"A","verification_uri":\#(address),"expires_in":600}"#)
        let (result, _, _) = await logIn(offer: offer, [Self.success]) { _ in Issue.record("the person was asked") }
        #expect(throws: Self.failed(error)) { try result.get() }
    }

    @Test func `needs a server that supports it`() async throws {
        let parameters = AuthorizationParameters(metadata: try Examples.metadata(), client: Client(id: "me"))
        let flow = DeviceFlow(parameters, transport: ScriptedTransport([:]))
        await #expect(throws: OAuthError.missingEndpoint(member: "device_authorization_endpoint")) {
            try await flow.run { _ in }
        }
    }

    @Test func `reports an expired code even if the server does not`() async throws {
        var metadata = try Examples.metadata()
        metadata.deviceAuthorizationEndpoint = try EndpointURL(Self.device)
        let parameters = AuthorizationParameters(metadata: metadata, client: Client(id: "me"))
        let offer = ScriptedTransport.Answer.json(
            #"{"device_code":"DC","user_code":"A","verification_uri":"https://login.example.com/go","expires_in":1}"#)
        let flow = DeviceFlow(parameters, transport: ScriptedTransport([Self.device: [offer]]))
        await #expect(throws: OAuthError.codeExpired(seconds: 1)) { try await flow.run { _ in } }
    }

    @Test func `ends if the user does not finish in time`() async throws {
        var metadata = try Examples.metadata()
        metadata.deviceAuthorizationEndpoint = try EndpointURL(Self.device)
        let parameters = AuthorizationParameters(
            metadata: metadata, client: Client(id: "me"), deadline: .milliseconds(100))
        let flow = DeviceFlow(parameters, transport: ScriptedTransport([Self.device: [Self.offer()]]))
        await #expect(throws: OAuthError.authorizationTimedOut(seconds: 0)) { try await flow.run { _ in } }
    }
}

/// Records the requested pauses instead of waiting.
private final class PauseLog: Sendable {
    private let log = Mutex<[Int]>([])

    var seconds: [Int] { log.withLock { $0 } }

    func append(_ pause: Duration) {
        log.withLock { $0.append(Int(pause.components.seconds)) }
    }
}
