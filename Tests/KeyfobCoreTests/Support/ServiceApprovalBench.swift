import CredentialProtocol
import OAuth
import Synchronization
import TestSupport

@testable import KeyfobCore

/// A service approval, with a service and its authorization server in memory, and a user who says yes or no.
struct ServiceApprovalBench: Sendable {
    static let origin = "https://notes.example.com"
    static let service = origin + "/mcp"
    static let place = origin + "/.well-known/oauth-protected-resource/mcp"

    /// The settings of a bench, with defaults.
    struct Setting: Sendable {
        /// The user's configuration file.
        var configuration = ""
        var interaction = Interaction.auto
        var gitDeclines = false
        var hasTerminal = true
        /// The user's answers in order; no after the last one.
        var answers: [Bool] = []
        /// The authorization servers that the service's metadata name.
        var servers = ["https://login.example.com"]
        /// Whether the authorization servers are in a private network.
        var isPrivate = false
    }

    let setting: Setting
    let directory: String
    let transport: ScriptedTransport
    let person: Person
    var approvals: Approvals { Approvals(file: directory + "/state/approved.toml") }

    /// The user: gives the answers, and records the questions.
    final class Person: Sendable {
        private let state: Mutex<(asked: [ServiceApproval.Question], answers: [Bool])>

        init(_ answers: [Bool]) { state = Mutex(([], answers)) }

        var asked: [ServiceApproval.Question] { state.withLock { $0.asked } }

        func answer(_ question: ServiceApproval.Question) -> Bool {
            state.withLock { state in
                state.asked.append(question)
                return state.answers.isEmpty ? false : state.answers.removeFirst()
            }
        }
    }

    /// Runs `body` with a bench. The service's metadata are `answers` in this order, or by default metadata that name
    /// the servers.
    static func run(
        _ setting: Setting = Setting(), metadata answers: [ScriptedTransport.Answer]? = nil,
        _ body: (ServiceApprovalBench) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            try write(setting.configuration, to: directory + "/config.toml")
            try await body(ServiceApprovalBench(setting, answers, directory))
        }
    }

    private init(_ setting: Setting, _ answers: [ScriptedTransport.Answer]?, _ directory: String) {
        (self.setting, self.directory) = (setting, directory)
        transport = ScriptedTransport([Self.place: answers ?? [Self.metadata(setting.servers)]])
        person = Person(setting.answers)
    }

    /// The service's metadata, which name its authorization servers.
    static func metadata(_ servers: [String]) -> ScriptedTransport.Answer {
        let list = servers.map { "\"\($0)\"" }.joined(separator: ",")
        return .json(
            "{\"resource\":\"\(service)\",\"authorization_servers\":[\(list)],\"scopes_supported\":[\"read\"]}")
    }

    /// The service approval of a process that starts now.
    func serviceApproval() throws -> ServiceApproval {
        let files = [directory + "/config.toml", approvals.file]
        let read: @Sendable () throws -> AccountDirectory = {
            AccountDirectory(configuration: try Configuration(files: files))
        }
        let (transport, person, gitDeclines) = (transport, person, setting.gitDeclines)
        let isPrivate = setting.isPrivate
        return ServiceApproval(
            accounts: try read(), reread: read, approvals: approvals, lock: AccountLock(directory: directory),
            interaction: try InteractionPolicy(
                fromCommandLine: setting.interaction, fromConfiguration: nil, hasTerminal: { true },
                variable: { _ in nil }),
            gitDeclines: { _ in gitDeclines },
            finder: { _, _ in
                ServerFinder(
                    transport: HookedTransport(server: transport) {},
                    reach: { isPrivate ? .privateNetworks(of: $1) : .asPublicAs($1) })
            },
            hasTerminal: setting.hasTerminal, ask: { person.answer($0) })
    }

    /// A request for the service. With `proposes`, it has a challenge that names the service's metadata.
    static func request(_ url: String = service, proposes: Bool = true) throws -> CredentialRequest {
        var request = try LineDialect().decode(Array("url=\(url)\n".utf8), for: .get)
        if proposes { request.wwwauth = ["Bearer resource_metadata=\"\(place)\""] }
        return request
    }

    /// The entries in the list of approved services.
    var approved: [Configuration.Host] {
        get throws { try Configuration(files: [approvals.file]).hosts }
    }
}
