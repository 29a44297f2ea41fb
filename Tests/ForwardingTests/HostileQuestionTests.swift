import Addresses
import CredentialProtocol
import Forwarding
import Secrets
import Testing

/// Questions that another machine may send, although the user has only allowed one service. None of them reaches the
/// sign-ins of this machine without a yes of the user.
@Suite struct HostileQuestionTests {
    /// What a hostile question leads to.
    enum Result: Equatable {
        /// The bytes are no question.
        case malformed
        case refused(Gate.Refusal)
        /// The user decides about exactly this.
        case asked(service: String, username: String? = nil, scopes: [String] = [], resource: String? = nil)
    }

    static let allowed = "https://git.example.com/group"

    static func result(of bytes: String) -> Result {
        let gate = Gate([Allowance(allowed)].compactMap { $0 }, namesOfAll: SharedUserNames.all)
        guard let question = try? AgentQuestion(Array(bytes.utf8)) else { return .malformed }
        switch gate.decide(question, now: 0) {
        case .refuse(let refusal): return .refused(refusal)
        case .ask(let wish):
            return .asked(
                service: wish.service.description, username: wish.username, scopes: wish.scopes,
                resource: wish.resource)
        case .pass: preconditionFailure("a hostile question passed: \(bytes)")
        }
    }

    /// The beginning of a question about the allowed service.
    static let get = "keyfob-agent=1\noperation=get\nprotocol=https\nhost=git.example.com\npath=group/a\n"
    static let erase = "keyfob-agent=1\noperation=erase\n"

    // Other services.
    static let otherServices: [(String, Result)] = [
        ("host=other.example.com\npath=group/a", .asked(service: "https://other.example.com/group/a")),
        ("host=example.com\npath=group", .asked(service: "https://example.com/group")),
        ("host=sub.git.example.com\npath=group", .asked(service: "https://sub.git.example.com/group")),
        ("host=git.example.com:8443\npath=group", .asked(service: "https://git.example.com:8443/group")),
        ("host=git.example.com", .asked(service: "https://git.example.com")),
        ("host=git.example.com\npath=", .asked(service: "https://git.example.com")),
        ("host=git.example.com\npath=group2", .asked(service: "https://git.example.com/group2")),
        ("host=git.example.com\npath=Group", .asked(service: "https://git.example.com/Group")),
        ("host=git.example.com\npath=/group", .asked(service: "https://git.example.com//group")),
        ("host=git.example.com\npath=grou", .asked(service: "https://git.example.com/grou")),
    ]

    @Test(arguments: otherServices)
    func `Another service needs a yes of the user`(lines: String, result: Result) {
        #expect(Self.result(of: "keyfob-agent=1\noperation=get\nprotocol=https\n\(lines)\n\n") == result)
    }

    @Test(arguments: [
        "protocol=http\nhost=git.example.com\npath=group", "protocol=http\nhost=localhost:3000",
        "protocol=http\nhost=127.0.0.1",
    ])
    func `A service without TLS is never asked about`(lines: String) {
        let result = Self.result(of: "keyfob-agent=1\noperation=get\n\(lines)\n\n")
        #expect(result == .refused(.notAllowed))
    }

    @Test(arguments: [
        "protocol=smtp\nhost=git.example.com", "protocol=imap\nhost=git.example.com", "protocol=cert\npath=/etc/key",
        "protocol=file\nhost=git.example.com\npath=group",
    ])
    func `Only http and https can be asked about`(lines: String) {
        let result = Self.result(of: "keyfob-agent=1\noperation=get\n\(lines)\n\n")
        #expect(result == .refused(.notAService))
    }

    // Other scopes, accounts and receivers at the allowed service.
    static let widened: [(String, Result)] = [
        ("scope=admin", .asked(service: allowed + "/a", scopes: ["admin"])),
        ("scope=b a", .asked(service: allowed + "/a", scopes: ["a", "b"])),
        (
            #"wwwauth[]=Bearer error="insufficient_scope", scope="admin""#,
            .asked(service: allowed + "/a", scopes: ["admin"])
        ),
        (
            #"wwwauth[]=bearer scope="delete admin", error=insufficient_scope"#,
            .asked(service: allowed + "/a", scopes: ["admin", "delete"])
        ),
        ("username=bob", .asked(service: allowed + "/a", username: "bob")),
        ("username=Git", .asked(service: allowed + "/a", username: "Git")),
        ("username=bob\nscope=admin", .asked(service: allowed + "/a", username: "bob", scopes: ["admin"])),
        (
            "resource=https://bank.example.com/",
            .asked(service: allowed + "/a", resource: "https://bank.example.com/")
        ),
    ]

    @Test(arguments: widened)
    func `More than the allowance at an allowed service needs a yes of the user`(line: String, result: Result) {
        #expect(Self.result(of: Self.get + line + "\n\n") == result)
    }

    @Test(arguments: [
        "path=group/../secret", "path=./group", "path=group/%2e%2e/secret", "path=group\\..\\secret",
        "path=group/%2Fsecret", "path=group;/../secret",
    ])
    func `A path that can be read in more than one way is no question`(path: String) {
        let question = "keyfob-agent=1\noperation=get\nprotocol=https\nhost=git.example.com\n\(path)\n\n"
        #expect(Self.result(of: question) == .malformed)
    }

    @Test(arguments: [
        "", "\n", "\n\n", "get\n\n", "keyfob-agent=2\noperation=get\n\n", "keyfob-agent=1\n\n",
        "keyfob-agent=1\r\noperation=get\r\n\r\n", " keyfob-agent=1\noperation=get\n\n",
        "operation=get\nkeyfob-agent=1\nprotocol=https\nhost=git.example.com\n\n",
        "keyfob-agent=1\noperation=store\nprotocol=https\nhost=git.example.com\npassword=x\n\n",
        "keyfob-agent=1\noperation=list\n\n", "keyfob-agent=1\noperation=\n\n",
        "keyfob-agent=1\noperation=get\nprotocol=https\n\n",
        "keyfob-agent=1\noperation=get\nprotocol=https\nhost=\n\n",
        "keyfob-agent=1\noperation=get\nhost=git.example.com\n\n",
        "keyfob-agent=1\noperation=get\nprotocol=https\nhost=git.example.com\nhost=other.example.com\n\n",
        "keyfob-agent=1\noperation=get\nprotocol=https\nhost=git.example.com\nurl=https://other.example.com\n\n",
        "keyfob-agent=1\noperation=get\nprotocol=https\nhost=git.example.com.\n\n",
        "keyfob-agent=1\noperation=get\nprotocol=https\nhost=user@git.example.com\n\n",
        "keyfob-agent=1\noperation=get\nprotocol=https\nhost=git.example.com/x\n\n",
        "keyfob-agent=1\noperation=get\nprotocol=https\nhost=git.example.com\u{0}\n\n",
        "keyfob-agent=1\noperation=get\nprotocol=https\nhost=git.example.com\n\u{1B}[2J=x\n\n",
        "keyfob-agent=1\noperation=get\nurl=https://git.example.com/group\nusername=a\nusername=b\n\n",
        "GET / HTTP/1.1\r\nHost: git.example.com\r\n\r\n", "\u{16}\u{3}\u{1}\n\n",
    ])
    func `Bytes that are no question of this protocol are refused`(bytes: String) {
        #expect(Self.result(of: bytes) == .malformed)
    }

    @Test func `A question of more than 64 KiB is refused`() {
        let question = Self.get + String(repeating: "x=\(String(repeating: "y", count: 1000))\n", count: 70)
        #expect(Self.result(of: question + "\n") == .malformed)
    }

    @Test(arguments: ["protocol=https\nhost=other.example.com", "protocol=https\nhost=git.example.com"])
    func `Nobody is asked about a refused token of a service that is not allowed`(lines: String) {
        #expect(Self.result(of: Self.erase + lines + "\npassword=guessed\n\n") == .refused(.notAllowed))
    }

    @Test func `A caller that asks nobody at home asks nobody here`() {
        let question = "keyfob-agent=1\noperation=get\nprotocol=https\nhost=other.example.com\ninteraction=never\n\n"
        #expect(Self.result(of: question) == .refused(.notAllowed))
    }
}
