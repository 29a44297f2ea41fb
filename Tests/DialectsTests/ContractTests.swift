import Addresses
import CredentialProtocol
import Dialects
import Secrets
import Testing

/// Rules for all dialects: each test runs once for each dialect.
@Suite struct `Every dialect` {
    private static func asked(_ caller: Caller) throws -> (dialect: any Dialect, request: CredentialRequest) {
        var dialect = caller.dialect.init()
        guard case .get(let request) = try dialect.question(caller.invocation()) else {
            throw InvocationError.missing("question")
        }
        return (dialect, request)
    }

    private static func replied(_ caller: Caller, _ answer: Answer) throws -> Reply {
        let (dialect, request) = try asked(caller)
        return try dialect.found(answer, for: request)
    }

    @Test func `is in the table once, and is found by each of its names`() {
        #expect(Caller.all.map { $0.dialect.name } == Dialects.callers.map { $0.name })
        #expect(Set(Dialects.callers.map { $0.name }).count == Dialects.callers.count)
        let executables = Dialects.callers.flatMap { $0.executables }
        #expect(Set(executables).count == executables.count)
        for dialect in Dialects.callers {
            #expect(Dialects.named(dialect.name) == dialect)
            for executable in dialect.executables { #expect(Dialects.spoken(by: executable) == dialect) }
        }
        #expect(Dialects.named("git") == GitDialect.self)
        #expect(Dialects.spoken(by: "/usr/bin/git-credential-keyfob") == GitDialect.self)
        #expect(Dialects.spoken(by: "keyfob") == nil)
    }

    @Test(arguments: Caller.all)
    func `requests the caller's service, and forbids questions to the user`(_ caller: Caller) throws {
        let (_, request) = try Self.asked(caller)
        #expect(request.url?.description == caller.url)
        #expect(request.interaction == .never)
        #expect((request.username, request.password) == (nil, nil))
    }

    @Test(arguments: Caller.all)
    func `answers a hit with the token and nothing else`(_ caller: Caller) throws {
        #expect(try Self.replied(caller, Answer(Examples.token, now: Examples.now)) == Reply(caller.hit))
    }

    @Test(arguments: Caller.all)
    func `answers a stored password as Basic, by name, or as a miss`(_ caller: Caller) throws {
        let reply = try Self.replied(caller, Answer(Examples.password, now: Examples.now))
        let expected = try caller.password.map { Reply($0) } ?? Self.missed(caller)
        #expect(reply == expected)
    }

    private static func missed(_ caller: Caller) throws -> Reply {
        let (dialect, request) = try asked(caller)
        return dialect.notFound(request)
    }

    @Test(arguments: Caller.all)
    func `answers a miss in the form of its protocol`(_ caller: Caller) throws {
        #expect(try Self.missed(caller) == caller.miss)
    }

    @Test(arguments: Caller.all)
    func `reports a near expiry as earlier, and still answers with an expired token`(_ caller: Caller) throws {
        var response = Examples.token
        response.passwordExpiryUTC = Examples.now + 10
        let reply = try Self.replied(caller, Answer(response, now: Examples.now))
        #expect(reply == Reply(caller.endsSoon ?? caller.hit))
        // A token may expire before the answer is written. It is still the answer; the caller will ask again.
        response.passwordExpiryUTC = Examples.now - 10
        #expect(try Self.replied(caller, Answer(response, now: Examples.now)).status == 0)
    }

    @Test(
        arguments: Caller.all,
        [
            (Report.Code.keyringLocked, "keyring_locked", Int32(69)),
            (.keyringUnavailable, "keyring_unavailable", 69),
            (.offline, "offline", 75), (.temporary, "temporary", 75), (.loginRequired, "login_required", 77),
            (.denied, "denied", 77), (.configuration, "configuration", 78), (.internal, "internal", 70),
        ])
    func `writes errors in the form of its protocol`(
        _ caller: Caller, _ failure: (code: Report.Code, word: String, status: Int32)
    ) throws {
        let (dialect, _) = try Self.asked(caller)
        let reply = dialect.failed(Report(failure.code, "it is wrong", hints: ["mend it"]))
        #expect(reply == caller.errors.reply(failure.word, "it is wrong", "mend it", failure.status))
    }

    @Test(arguments: Caller.all)
    func `refuses a malformed question`(_ caller: Caller) throws {
        var dialect = caller.dialect.init()
        let bad = caller.malformed
        let invocation = caller.invocation(bad.arguments, input: bad.input.map { Array($0.utf8) })
        let error = try #require(throws: InvocationError.self) { try dialect.question(invocation) }
        #expect(dialect.failed(Report(error)) == bad.reply)
    }

    @Test(arguments: Caller.all)
    func `refuses arguments that its protocol does not have`(_ caller: Caller) throws {
        var dialect = caller.dialect.init()
        let invocation = caller.invocation(["no", "such", "operation", "at-all"], input: [])
        let error = try #require(throws: InvocationError.self) { try dialect.question(invocation) }
        #expect(dialect.failed(Report(error)) != caller.miss)
    }

    @Test(arguments: Caller.all.filter { $0.input != nil })
    func `refuses an input over the limit, whatever its bytes are`(_ caller: Caller) throws {
        for byte in [UInt8(ascii: " "), UInt8(ascii: "x"), 0] {
            var dialect = caller.dialect.init()
            let input = Array(repeating: byte, count: Invocation.maximumInput + 1)
            let error = try #require(throws: InvocationError.self) {
                try dialect.question(caller.invocation(input: input))
            }
            #expect(error == .tooLarge)
            #expect(dialect.failed(Report(error)) == Self.tooLarge(caller.errors))
        }
    }

    private static func tooLarge(_ form: ErrorForm) -> Reply {
        let words = "the request is larger than 1048576 bytes"
        return switch form {
        case .standardError: Reply(complaint: ["keyfob: \(words)"], status: 65)
        case .docker: Reply("\(words)\n", status: 1)
        case .cargo: Reply(#"{"Err":{"kind":"other","message":"\#(words)"}}"# + "\n")
        case .google: Reply()
        }
    }

    @Test(arguments: Caller.all.filter { $0.input != nil })
    func `refuses an input that is not text`(_ caller: Caller) throws {
        var dialect = caller.dialect.init()
        #expect(throws: InvocationError.self) { try dialect.question(caller.invocation(input: [0xFF, 0x00, 0xC3])) }
    }

    /// Tries every byte outside visible ASCII, at several positions.
    @Test(arguments: Caller.all)
    func `passes no token with anything but visible ASCII`(_ caller: Caller) throws {
        let (dialect, request) = try Self.asked(caller)
        for byte in Array(UInt8(0x00)...0x20) + Array(0x7F...0xFF) {
            for bytes in [[byte], [byte, 0x61], [0x61, byte, 0x61], [0x61, byte]] {
                var response = Examples.token
                response.password = Secret(bytes)
                #expect(throws: ResponseError.forbiddenByte(.password)) {
                    try dialect.found(Answer(response, now: Examples.now), for: request)
                }
            }
        }
        var response = Examples.token
        response.password = Secret("")
        #expect(throws: ResponseError.empty(.password)) {
            try dialect.found(Answer(response, now: Examples.now), for: request)
        }
    }

    @Test(arguments: Caller.all.filter { $0.password != nil && !$0.carriesAnyText })
    func `passes no stored password that could be read as more than one line`(_ caller: Caller) throws {
        let (dialect, request) = try Self.asked(caller)
        for bytes: [UInt8] in [[0x61, 0x0A, 0x62], [0x61, 0x0D], [0x00], [0x7F], [0x61, 0xFF]] {
            var response = Examples.password
            response.password = Secret(bytes)
            #expect(throws: ResponseError.forbiddenByte(.password)) {
                try dialect.found(Answer(response, now: Examples.now), for: request)
            }
        }
    }
}
