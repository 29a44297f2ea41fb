import CredentialProtocol
import Dialects
import KeyfobCore

/// How one caller is made to ask keyfob, and how that is tried. The callers are rows of a table, one file each.
struct SetupCaller: Sendable {
    /// The word for it in `keyfob setup NAME`.
    let name: String
    /// Other words for it: programs that read the same settings.
    var aliases: [String] = []
    /// The programs that ask then, the first of which is tried.
    let programs: [String]
    /// For people, one line.
    let summary: String
    /// Whether nothing can be written without a URL.
    var needsURL = true
    /// What has to be so, in the order in which it is done.
    let steps: @Sendable (SetupScene) async throws -> [SetupStep]
    /// What else a person should know, one line each.
    var notes: @Sendable (SetupScene) async -> [String] = { _ in [] }
    /// How the caller would ask for a service.
    let question: @Sendable (SetupScene, ServiceURL) -> SetupQuestion

    static let all: [SetupCaller] = [
        git, docker, podman, kubectl, cargo, bazel, go, pip, uv, terraform, tofu, vault, bao, pnpm, google, mcp, msmtp,
        curl,
    ]

    /// The caller behind a word on the command line.
    static func named(_ word: String) -> SetupCaller? {
        all.first { $0.name == word || $0.aliases.contains(word) }
    }
}

extension CallerDialect {
    /// The name by which the caller finds us.
    static var link: String { executables.first ?? "keyfob" }
}

/// What a caller starts to get a credential, and what it makes of the answer.
struct SetupQuestion: Sendable {
    /// A name on `PATH`, or an absolute path.
    var program: String
    var arguments: [String] = []
    var environment: [String: String] = [:]
    var input = ""
    /// Whether the program is one of ours, by whatever name.
    var isOurs = true
    /// Whether standard output holds a credential.
    var isCredential: @Sendable ([UInt8]) -> Bool
    /// What standard output says where something is wrong, for callers that want it there.
    var complaint: @Sendable ([UInt8]) -> [String] = { _ in [] }
}

extension SetupQuestion {
    /// Whether there is a text at `path` of a JSON object.
    static func holds(_ path: String...) -> @Sendable ([UInt8]) -> Bool {
        { output in JSONTree(output)?[path]?.text?.isEmpty == false }
    }

    /// Whether there is anything.
    static let saysSomething: @Sendable ([UInt8]) -> Bool = { !$0.isEmpty }
}
