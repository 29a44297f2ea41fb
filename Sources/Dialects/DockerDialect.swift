package import CredentialProtocol
import JSON
import Secrets

/// Docker's credential helpers, for docker, buildx, podman, skopeo, buildah, helm and oras
/// (github.com/docker/docker-credential-helpers, `credentials/credentials.go`).
///
/// One argument: `get`, `store`, `erase`, `list` or `version`. The input of `get` and `erase` is a server URL, often
/// without its scheme. The input of `store` is one JSON object `{"ServerURL", "Username", "Secret"}`, as is the answer
/// to `get`.
///
/// - Not supported: `list` names the accounts that are signed in but not the stored passwords. Docker asks for each
///   listed entry and sends it to the daemon.
/// - A `get` does not tell that the registry refused the last token. `docker logout` is an `erase`.
/// - Not found: `credentials not found in native keychain` on standard output, exit status 1; Docker then goes on
///   without a credential. So keyfob says the same if there is an account but no token now, and the reason on standard
///   error, which Docker shows. Docker asks about all registries, so any other answer would stop work with the others.
///   Any other failure is a message on standard output, and Docker stops.
/// - Deadline: Docker has none; keyfob stops after 30 seconds. It never asks the user: Docker asks keyfob for each list
///   entry.
package struct DockerDialect: Dialect {
    package static let name = "docker"
    package static let executables = ["docker-credential-keyfob"]

    private var serverURL = ""
    private var isGet = false
    private var isStore = false

    package init() {}

    package mutating func question(_ invocation: Invocation) throws(InvocationError) -> Question {
        guard invocation.arguments.count == 1, let word = invocation.arguments.first else {
            throw .usage("docker-credential-keyfob get|store|erase|list|version")
        }
        switch word {
        case "get":
            isGet = true
            return .get(try server(invocation))
        case "erase": return .erase(try server(invocation))
        case "store":
            isStore = true
            return .store(try credential(invocation))
        case "list": return .list
        case "version", "--version", "-v": return .reply(Reply("docker-credential-keyfob (keyfob) \(Front.version)\n"))
        default: throw .unknownOperation(word)
        }
    }

    private mutating func server(_ invocation: Invocation) throws(InvocationError) -> CredentialRequest {
        guard let text = String(validating: try invocation.boundedInput() ?? [], as: UTF8.self) else {
            throw .malformed("the server URL")
        }
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count <= 1 else { throw .malformed("the server URL") }
        serverURL = words.first.map(String.init) ?? ""
        guard !serverURL.isEmpty else { throw .missing(Self.url) }
        return try CredentialRequest(registry: serverURL)
    }

    private func credential(_ invocation: Invocation) throws(InvocationError) -> CredentialRequest {
        let what = "the credential"
        let given = try JSON.parse(invocation.boundedInput() ?? [], what)
        let secret = try given.text("Secret", what)
        guard let url = try given.text("ServerURL", what), !url.isEmpty else { throw .missing(Self.url) }
        guard let username = try given.text("Username", what), !username.isEmpty else {
            throw .missing(Self.username)
        }
        return try CredentialRequest(registry: url).keeping(
            username: username, secret: Array((secret ?? "").utf8), mayBeEmpty: secret != nil)
    }

    package func found(_ answer: Answer, for request: CredentialRequest) throws(ResponseError) -> Reply {
        Reply(
            JSON.object([
                "ServerURL": .string(serverURL), "Username": .string(try answer.response.name()),
                "Secret": .string(try answer.response.wholeText()),
            ]).line)
    }

    package func listed(_ accounts: [ListedAccount]) -> Reply {
        var members: [JSON.Member] = []
        for account in accounts where !members.contains(where: { $0.name.isSame(as: account.url) }) {
            members.append(JSON.Member(name: account.url, value: .string(account.username)))
        }
        return Reply(JSON.object(members).line)
    }

    /// Docker recognizes these three messages by their text.
    package func failed(_ report: Report) -> Reply {
        switch (report, report.code) {
        case (Report(InvocationError.missing(Self.url)), _): Self.said("no credentials server URL")
        case (Report(InvocationError.missing(Self.username)), _): Self.said("no credentials username")
        // There is no credential to look up, but one that is to be stored would be lost without a word.
        case (_, .unsupportedService) where isStore: Self.said(report.sentence)
        case (_, .noCredential), (_, .unsupportedService): Self.said(Self.miss)
        case (_, .loginRequired), (_, .denied), (_, .offline), (_, .temporary):
            isGet ? Self.said(Self.miss, complaint: report.lines) : Self.said(report.sentence)
        default: Self.said(report.sentence)
        }
    }

    private static func said(_ words: String, complaint: [String] = []) -> Reply {
        Reply(words + "\n", complaint: complaint, status: 1)
    }

    private static let miss = "credentials not found in native keychain"

    private static let url = "server URL"
    private static let username = "user name"
}
