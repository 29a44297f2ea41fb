import Addresses
import CredentialProtocol
import Forwarding
import Secrets
import Testing

/// What passes, what the user's answer changes, and what of an answer travels.
@Suite struct GateTests {
    private static func request(_ lines: String) throws -> AgentQuestion {
        try AgentQuestion(Array("keyfob-agent=1\noperation=get\nprotocol=https\n\(lines)\n\n".utf8))
    }

    private static func passes(_ gate: Gate, _ question: AgentQuestion, now: Int64 = 0) -> Bool {
        if case .pass = gate.decide(question, now: now) { true } else { false }
    }

    @Test(arguments: [
        ("https://git.example.com", "host=git.example.com"),
        ("https://git.example.com", "host=GIT.example.com:443\npath=any/path"),
        ("https://git.example.com", "host=git.example.com\nusername=oauth2"),
        ("https://git.example.com", "host=git.example.com\nusername="),
        ("https://git.example.com/group", "host=git.example.com\npath=group/project.git"),
        ("https://alice@git.example.com", "host=git.example.com\nusername=alice"),
        ("https://alice@git.example.com", "host=git.example.com"),
        ("https://git.example.com:8443", "host=git.example.com:8443"),
        ("https://git.example.com", "host=git.example.com\nwwwauth[]=Bearer scope=\"admin\""),
    ])
    func `A question about an allowed service passes`(allowed: String, lines: String) throws {
        let gate = Gate([try #require(Allowance(allowed))], namesOfAll: SharedUserNames.all)
        #expect(Self.passes(gate, try Self.request(lines)))
    }

    @Test func `A question asks with no values but those of this forward, and cannot demand a question to the user`()
        throws
    {
        let gate = Gate([try #require(Allowance("https://git.example.com"))])
        let question = try Self.request(
            "host=git.example.com\ninteraction=always\nstate[]=keyfob:account=other\nstate[]=keyfob:token=x\n"
                + "password=guessed\noauth_refresh_token=x")
        guard case .pass(let passed) = gate.decide(question, now: 0) else { return #expect(Bool(false)) }
        #expect(passed.request.interaction == nil)
        #expect(passed.request.state == [])
        #expect(passed.request.password == nil)
        #expect(passed.request.oauthRefreshToken == nil)
    }

    @Test func `A caller may come back with the values and the user name of its answer`() throws {
        var gate = Gate([try #require(Allowance("https://git.example.com"))])
        let first = try Self.request("host=git.example.com")
        _ = gate.travelling(.credential(Self.token, service: nil), to: first.request)
        let again = try Self.request("host=git.example.com\nusername=alice\nstate[]=keyfob:account=a\nstate[]=other:x")
        guard case .pass(let passed) = gate.decide(again, now: 0) else { return #expect(Bool(false)) }
        #expect(passed.request.state == ["keyfob:account=a"])
    }

    @Test(arguments: ["", "\nusername=oauth2", "\npassword=", "\nauthtype=Bearer\ncredential="])
    func `An erase without a token is not one of this protocol`(lines: String) throws {
        let gate = Gate([try #require(Allowance("https://git.example.com"))])
        let bytes = "keyfob-agent=1\noperation=erase\nprotocol=https\nhost=git.example.com\(lines)\n\n"
        #expect(gate.decide(try AgentQuestion(Array(bytes.utf8)), now: 0) == .refuse(.malformed))
    }

    @Test func `Ten tokens a minute are given up, and no more`() {
        var gate = Gate([])
        let times: [Int64] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 59, 60, 60]
        let taken = times.map { gate.takesErasure(now: $0) }
        #expect(taken == Array(repeating: true, count: 10) + [false, true, false])
    }

    @Test func `A yes for this forward allows the same question again, and no other`() throws {
        var gate = Gate([])
        let question = try Self.request("host=git.example.com\npath=group\nscope=read")
        guard case .ask(let wish) = gate.decide(question, now: 0) else { return #expect(Bool(false)) }
        #expect(gate.took(.forward, to: wish, now: 0) == nil)
        #expect(Self.passes(gate, question))
        #expect(Self.passes(gate, try Self.request("host=git.example.com\npath=group/below")))
        #expect(!Self.passes(gate, try Self.request("host=git.example.com\npath=group\nscope=write")))
        #expect(!Self.passes(gate, try Self.request("host=git.example.com")))
    }

    @Test func `A yes for once allows nothing more`() throws {
        var gate = Gate([])
        let question = try Self.request("host=git.example.com")
        guard case .ask(let wish) = gate.decide(question, now: 0) else { return #expect(Bool(false)) }
        #expect(gate.took(.once, to: wish, now: 0) == nil)
        #expect(gate.decide(question, now: 1) == .ask(wish))
    }

    @Test(arguments: [(Gate.Consent.no, Gate.Refusal.declined), (.silence, .unanswered)])
    func `After a no, the same question is not asked for ten minutes`(
        consent: Gate.Consent, refusal: Gate.Refusal
    ) throws {
        var gate = Gate([])
        let question = try Self.request("host=git.example.com")
        guard case .ask(let wish) = gate.decide(question, now: 0) else { return #expect(Bool(false)) }
        #expect(gate.took(consent, to: wish, now: 0) == refusal)
        #expect(gate.decide(question, now: 599) == .refuse(.declined))
        #expect(gate.decide(question, now: 600) == .ask(wish))
    }

    @Test func `After three refusals in a row, nothing is asked for ten minutes`() throws {
        var gate = Gate([])
        for number in 1...3 {
            let question = try Self.request("host=git\(number).example.com")
            guard case .ask(let wish) = gate.decide(question, now: 0) else { return #expect(Bool(false)) }
            _ = gate.took(.silence, to: wish, now: 0)
        }
        let question = try Self.request("host=git4.example.com")
        #expect(gate.decide(question, now: 1) == .refuse(.notAllowed))
        #expect(gate.decide(question, now: 600) != .refuse(.notAllowed))
    }

    // Answers.

    static let token = CredentialResponse(
        username: "alice", password: Secret("token"), authtype: "Bearer", ephemeral: true,
        state: ["keyfob:account=a"])
    static let password = CredentialResponse(
        username: "alice", password: Secret("hunter2"), oauthRefreshToken: Secret("refresh"))
    static let encoded = CredentialResponse(
        username: nil, password: Secret("YTpi"), authtype: "Basic", isEncoded: true)

    @Test func `An access token travels`() throws {
        var gate = Gate([])
        let request = try Self.request("host=git.example.com").request
        #expect(
            gate.travelling(.credential(Self.token, service: nil), to: request) == .credential(Self.token, service: nil)
        )
    }

    @Test(arguments: [Self.password, Self.encoded])
    func `A stored password stays`(stored: CredentialResponse) throws {
        var gate = Gate([], passwordHosts: ["other.example.com"])
        let request = try Self.request("host=git.example.com").request
        guard case .refused(let report) = gate.travelling(.credential(stored, service: nil), to: request) else {
            return #expect(Bool(false))
        }
        #expect(report.code == .noCredential)
    }

    @Test func `A stored password of a host on the list travels, without a refresh token beside it`() throws {
        var gate = Gate([], passwordHosts: ["Git.example.com"])
        let request = try Self.request("host=git.example.com").request
        guard case .credential(let response, _) = gate.travelling(.credential(Self.password, service: nil), to: request)
        else { return #expect(Bool(false)) }
        #expect(response.password == Secret("hunter2"))
        #expect(response.oauthRefreshToken == nil)
    }
}
