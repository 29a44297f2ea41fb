import Addresses
import CredentialProtocol
import Secrets
import Testing

/// The lines between a door and the agent of `keyfob forward`.
@Suite struct AgentWireTests {
    @Test func `A question is read as it was written`() throws {
        var request = CredentialRequest(protocolName: "https", host: "git.example.com:8443", path: "a/b c")
        request.username = "alice"
        request.wwwauth = ["Basic realm=\"x\"", "Bearer\terror=\"invalid_token\""]
        request.state = ["keyfob:account=a"]
        request.scope = ["read", "write"]
        request.resource = "https://git.example.com/"
        request.minTTL = 60
        request.interaction = .never
        let question = AgentQuestion(.get, request)
        #expect(try AgentQuestion(try #require(question.bytes)) == question)
    }

    @Test func `A question for a credential holds no secret, and no value of other helpers`() throws {
        var request = CredentialRequest(protocolName: "https", host: "git.example.com")
        (request.password, request.credential) = (Secret("hunter2"), Secret("hunter2"))
        request.oauthRefreshToken = Secret("hunter2")
        request.state = ["other:hunter2"]
        let text = String(decoding: try #require(AgentQuestion(.get, request).bytes), as: UTF8.self)
        #expect(text == "keyfob-agent=1\noperation=get\nprotocol=https\nhost=git.example.com\n\n")
    }

    @Test func `A value that would be another line is never written`() {
        var request = CredentialRequest(protocolName: "https", host: "git.example.com")
        request.username = "alice\nhost=other.example.com"
        #expect(AgentQuestion(.get, request).bytes == nil)
        let response = CredentialResponse(
            username: nil, password: Secret("a\nstatus=0"), authtype: "Bearer", ephemeral: true)
        #expect(throws: ResponseError.self) { try AgentAnswer.credential(response, service: nil).bytes() }
    }

    static let answers: [AgentAnswer] = [
        .done, .refused(Report(.denied, "the user does not allow it", hints: ["ask again", "or not"])),
        .credential(
            CredentialResponse(
                username: "oauth2", password: Secret("token"), passwordExpiryUTC: 2_000_000_000, authtype: "Bearer",
                ephemeral: true, continue: true, state: ["keyfob:account=a", "keyfob:token=b"]),
            service: try? ServiceURL("https://git.example.com/group")),
        .credential(CredentialResponse(username: "alice", password: Secret("")), service: nil),
        .credential(
            CredentialResponse(username: nil, password: Secret("YTpi"), authtype: "Basic", isEncoded: true),
            service: nil),
    ]

    @Test(arguments: answers)
    func `An answer is read as it was written`(answer: AgentAnswer) throws {
        #expect(AgentAnswer(try answer.bytes()) == answer)
    }

    @Test func `A refresh token is never written`() throws {
        let response = CredentialResponse(username: "a", password: Secret("b"), oauthRefreshToken: Secret("refresh"))
        let bytes = try AgentAnswer.credential(response, service: nil).bytes()
        #expect(!String(decoding: bytes, as: UTF8.self).contains("refresh"))
    }

    @Test(arguments: [
        "", "\n", "keyfob-agent=2\nstatus=0\n\n", "status=0\n\n", "keyfob-agent=1\n\n", "keyfob-agent=1\nstatus\n\n",
    ])
    func `Other bytes are no answer`(text: String) {
        #expect(AgentAnswer(Array(text.utf8)) == nil)
    }

    @Test func `The message of an agent cannot move the cursor`() throws {
        let bytes = Array("keyfob-agent=1\nstatus=77\nmessage=a\u{9B}2J\n\n".utf8)
        guard case .refused(let report) = AgentAnswer(bytes) else { return #expect(Bool(false)) }
        #expect(report.message == "a\u{FFFD}2J")
    }
}
