import CredentialProtocol
import Dialects
import Secrets
import Testing

/// How one caller asks for a credential, and the bytes that it must get.
struct Caller: Sendable, CustomTestStringConvertible {
    let dialect: any Dialect.Type
    var arguments = ["get"]
    var variables: [String: String] = [:]
    /// Standard input; nil if the protocol has none. Then the dialect must not read it.
    var input: String?
    /// The answer with the token of ``Examples/token``.
    var hit: String
    /// The answer with a stored password of alice; nil if the protocol cannot carry one and the answer is a miss.
    var password: String?
    /// Whether a stored password may be any text, for example of several lines.
    var carriesAnyText = false
    /// The answer with a token that expires in ten seconds; nil if the answer has no expiry.
    var endsSoon: String?
    var miss: Reply
    /// The form of error messages.
    var errors: ErrorForm
    /// Invalid arguments, with an input if the protocol has one, and the answer to them.
    var malformed: (arguments: [String], input: String?, reply: Reply)
    /// The requested URL, unless the caller's protocol has a fixed one.
    var url = "https://host.example/path"

    var testDescription: String { dialect.name }

    func invocation(_ arguments: [String]? = nil, input: [UInt8]? = nil) -> Invocation {
        let variables = variables
        let bytes = input ?? self.input.map { Array($0.utf8) }
        return Invocation(
            arguments ?? self.arguments, variable: { variables[$0] },
            input: {
                if bytes == nil { Issue.record("the input was read") }
                return bytes
            })
    }
}

/// The place and form of a protocol's errors.
enum ErrorForm: Sendable {
    /// On standard error, with an exit status of sysexits(3).
    case standardError
    /// On standard output, in one line, with exit status 1. A token that cannot be had now is a miss, and the reason is
    /// on standard error.
    case docker
    /// As an answer of the conversation.
    case cargo
    /// As a JSON object on standard output, with an exit status.
    case google

    /// The bytes for a failure with one hint.
    func reply(_ code: String, _ message: String, _ hint: String, _ status: Int32) -> Reply {
        switch self {
        case .standardError: Reply(complaint: ["keyfob: \(message)", "hint: \(hint)"], status: status)
        case .docker where status > 70 && status < 78:
            Reply(Caller.docker.miss.output, complaint: ["keyfob: \(message)", "hint: \(hint)"], status: 1)
        case .docker: Reply("\(message); \(hint)\n", status: 1)
        case .cargo: Reply(#"{"Err":{"caused-by":["\#(hint)"],"kind":"other","message":"\#(message)"}}"# + "\n")
        case .google:
            Reply(
                #"{"code":"\#(code)","message":"\#(message); \#(hint)","success":false,"version":1}"# + "\n",
                status: status)
        }
    }
}

enum Examples {
    static let now: Int64 = 1_900_000_000
    static let token = CredentialResponse(
        username: "oauth2", password: Secret("to.ke.n"), passwordExpiryUTC: now + 3600, authtype: "Bearer")
    static let password = CredentialResponse(username: "alice", password: Secret("pass word"))
    static let expectedMiss = Reply(complaint: ["keyfob: no credential for https://host.example/path"], status: 1)
    static let basic = "Basic YWxpY2U6cGFzcyB3b3Jk"

    static func malformed(_ words: String) -> Reply { Reply(complaint: ["keyfob: \(words)"], status: 65) }
    static func usage(_ words: String) -> Reply { Reply(complaint: ["keyfob: usage: \(words)"], status: 64) }
}

extension Caller {
    static let all = [docker, kubernetes, cargo, bazel, go, keyring, terraform, vault, pnpm, google, headers]

    static let docker = Caller(
        dialect: DockerDialect.self, input: "https://host.example/path\n",
        hit: #"{"Secret":"to.ke.n","ServerURL":"https://host.example/path","Username":"oauth2"}"# + "\n",
        password: #"{"Secret":"pass word","ServerURL":"https://host.example/path","Username":"alice"}"# + "\n",
        carriesAnyText: true,
        miss: Reply("credentials not found in native keychain\n", status: 1), errors: .docker,
        malformed: (["get"], "two words", Reply("the server URL is malformed\n", status: 1)))

    static let kubernetes = Caller(
        dialect: KubernetesDialect.self,
        variables: [
            "KUBERNETES_EXEC_INFO": #"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","#
                + #""spec":{"interactive":false,"cluster":{"server":"https://host.example/path"}}}"#
        ],
        hit: #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","#
            + #""status":{"expirationTimestamp":"2030-03-17T18:46:10Z","token":"to.ke.n"}}"# + "\n",
        endsSoon: #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","#
            + #""status":{"expirationTimestamp":"2030-03-17T17:46:45Z","token":"to.ke.n"}}"# + "\n",
        miss: Examples.expectedMiss, errors: .standardError,
        malformed: (["get", "a", "b"], nil, Examples.usage("keyfob get --dialect kubernetes [URL]")))

    static let cargo = Caller(
        dialect: CargoDialect.self, arguments: ["--cargo-plugin"],
        input: #"{"v":1,"kind":"get","operation":"read","registry":{"index-url":"sparse+https://host.example/path"}}"#,
        hit: #"{"Ok":{"cache":"expires","expiration":1900003570,"kind":"get","operation_independent":true,"#
            + #""token":"Bearer to.ke.n"}}"# + "\n",
        password: #"{"Ok":{"cache":"session","kind":"get","operation_independent":true,"token":"\#(Examples.basic)"}}"#
            + "\n",
        endsSoon: #"{"Ok":{"cache":"expires","expiration":1900000005,"kind":"get","operation_independent":true,"#
            + #""token":"Bearer to.ke.n"}}"# + "\n",
        miss: Reply(
            #"{"Err":{"kind":"not-found","message":"no credential for https://host.example/path"}}"# + "\n"),
        errors: .cargo,
        malformed: (
            ["--cargo-plugin"], "{", Reply(#"{"Err":{"kind":"other","message":"Cargo's message is malformed"}}"# + "\n")
        ))

    static let bazel = Caller(
        dialect: BazelDialect.self, input: #"{"uri":"https://host.example/path?query=1"}"#,
        hit: #"{"expires":"2030-03-17T18:46:10Z","headers":{"Authorization":["Bearer to.ke.n"]}}"# + "\n",
        password: #"{"headers":{"Authorization":["\#(Examples.basic)"]}}"# + "\n",
        endsSoon: #"{"expires":"2030-03-17T17:46:45Z","headers":{"Authorization":["Bearer to.ke.n"]}}"# + "\n",
        miss: Reply(#"{"headers":{}}"# + "\n"), errors: .standardError,
        malformed: (["get"], #"{"uri":1}"#, Examples.malformed("the request is malformed")))

    static let go = Caller(
        dialect: GoDialect.self, arguments: ["https://host.example/path"],
        input: "HTTP/1.1 401 Unauthorized\nWww-Authenticate: Bearer\n\n",
        hit: "https://host.example/path\n\nAuthorization: Bearer to.ke.n\n\n",
        password: "https://host.example/path\n\nAuthorization: \(Examples.basic)\n\n",
        miss: Reply(), errors: .standardError,
        malformed: (
            ["https://host.example/path"], "not a head",
            Examples.malformed("the head of the server's answer is malformed")
        ))

    static let keyring = Caller(
        dialect: KeyringDialect.self, arguments: ["get", "https://host.example/path", "--mode=creds"],
        hit: "oauth2\nto.ke.n\n", password: "alice\npass word\n", miss: Reply(status: 1), errors: .standardError,
        malformed: (
            ["get"], nil,
            Examples.usage("keyring [--mode password|creds] [--output plain|json] get SERVICE [USER]")
        ))

    static let terraform = Caller(
        dialect: TerraformDialect.self, arguments: ["--option", "get", "host.example"],
        hit: #"{"token":"to.ke.n"}"# + "\n", miss: Reply("{}\n"), errors: .standardError,
        malformed: (
            ["store", "host.example"], #"{"token":"t","other":1}"#,
            Examples.malformed("a property other than token is malformed")
        ), url: "https://host.example")

    static let vault = Caller(
        dialect: VaultDialect.self, variables: ["VAULT_ADDR": "https://host.example/path"], hit: "to.ke.n",
        miss: Reply(), errors: .standardError,
        malformed: (["get", "more"], nil, Examples.usage("vault-token-keyfob get|store|erase")))

    static let pnpm = Caller(
        dialect: PnpmDialect.self, arguments: ["get", "https://host.example/path"], hit: "Bearer to.ke.n\n",
        password: Examples.basic + "\n", miss: Examples.expectedMiss, errors: .standardError,
        malformed: (["get"], nil, Examples.usage("keyfob get --dialect pnpm URL")))

    static let google = Caller(
        dialect: GoogleDialect.self, arguments: ["get", "https://host.example/path"],
        hit: #"{"expiration_time":1900003570,"id_token":"to.ke.n","success":true,"#
            + #""token_type":"urn:ietf:params:oauth:token-type:jwt","version":1}"# + "\n",
        endsSoon: #"{"expiration_time":1900000005,"id_token":"to.ke.n","success":true,"#
            + #""token_type":"urn:ietf:params:oauth:token-type:jwt","version":1}"# + "\n",
        miss: Reply(
            #"{"code":"no_credential","message":"no credential for https://host.example/path","success":false,"#
                + #""version":1}"# + "\n", status: 1),
        errors: .google,
        malformed: (
            ["get"], nil,
            Reply(
                #"{"code":"usage","message":"usage: keyfob get --dialect google URL","success":false,"version":1}"#
                    + "\n", status: 64)
        ))

    static let headers = Caller(
        dialect: HeadersDialect.self, arguments: [],
        variables: ["CLAUDE_CODE_MCP_SERVER_URL": "https://host.example/path"],
        hit: #"{"Authorization":"Bearer to.ke.n"}"# + "\n", password: #"{"Authorization":"\#(Examples.basic)"}"# + "\n",
        miss: Examples.expectedMiss, errors: .standardError,
        malformed: (["a", "b"], nil, Examples.usage("keyfob headers [URL]")))
}
