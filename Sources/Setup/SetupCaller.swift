import Addresses
import CredentialProtocol
import Dialects
import KeyfobCore

/// The setup of one caller and its test. The callers are rows of a table, one file each.
package struct SetupCaller: Sendable {
    /// The caller's word in `keyfob setup NAME`.
    package let name: String
    /// Other words for it: programs that read the same settings.
    var aliases: [String] = []
    /// The programs that use this setup; the check looks for the first one on `PATH`.
    let programs: [String]
    /// A description for the user, one line.
    package let summary: String
    /// Whether the setup cannot be written without a URL.
    package var needsURL = true
    /// The steps of the setup, in order.
    let steps: @Sendable (SetupScene) async throws -> [SetupStep]
    /// Further facts for the user, one line each.
    var notes: @Sendable (SetupScene) async -> [String] = { _ in [] }
    /// The request that the caller would make for a service.
    let question: @Sendable (SetupScene, ServiceURL) -> SetupQuestion

    package static let all: [SetupCaller] = [
        git, docker, podman, kubectl, cargo, bazel, go, pip, uv, terraform, tofu, vault, bao, pnpm, google, mcp, msmtp,
        curl,
    ]

    /// The caller that a word on the command line names.
    package static func named(_ word: String) -> SetupCaller? {
        all.first { $0.name == word || $0.aliases.contains(word) }
    }
}

extension Dialect {
    /// The name under which the caller finds keyfob.
    static var link: String { executables.first ?? "keyfob" }
}

/// The command that a caller runs to get a credential, and the check of its output.
struct SetupQuestion: Sendable {
    /// A name on `PATH`, or an absolute path.
    var program: String
    var arguments: [String] = []
    var environment: [String: String] = [:]
    var input = ""
    /// Whether the program is one of keyfob's executables, under any name.
    var isOurs = true
    /// Whether standard output holds a credential.
    var isCredential: @Sendable ([UInt8]) -> Bool
    /// The error messages in standard output, for callers that expect them there.
    var complaint: @Sendable ([UInt8]) -> [String] = { _ in [] }
}

extension SetupQuestion {
    /// Whether a JSON object has a string that is not empty at `path`.
    static func holds(_ path: String...) -> @Sendable ([UInt8]) -> Bool {
        { output in JSONTree(output)?[path]?.text?.isEmpty == false }
    }

    /// Whether there is any output.
    static let saysSomething: @Sendable ([UInt8]) -> Bool = { !$0.isEmpty }
}
