import Addresses
import CredentialProtocol
import FoundationEssentials
import KeyfobCore
import TestSupport
import Testing

@testable import Setup

/// A home directory with an installed keyfob, and tools that are shell scripts.
struct SetupBench {
    let home: String
    let variables: [String: String]

    /// Runs `body` with a home that has `bin/keyfob`, which is empty but executable. `bin` is on `PATH`.
    static func run(
        tools: [String: String] = [:], variables: [String: String] = [:], _ body: (SetupBench) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { home in
            try FileManager.default.createDirectory(atPath: home + "/bin", withIntermediateDirectories: false)
            let programs = ["keyfob", "keyfob-main", "git-credential-keyfob"].map { ($0, "") } + tools.map { ($0, $1) }
            for (name, script) in programs {
                let path = home + "/bin/" + name
                try await writeScript(script, to: path)
            }
            let own = ["HOME": home, "PATH": home + "/bin:/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1"]
            try await body(SetupBench(home: home, variables: own.merging(variables) { $1 }))
        }
    }

    func scene(_ url: String? = nil) throws -> SetupScene {
        SetupScene(
            url: try url.map { try ServiceURL($0) }, variables: variables, executable: home + "/bin/keyfob",
            configuration: nil)
    }

    /// The changes that are still to be made, except links.
    func changes(_ caller: SetupCaller, _ url: String? = nil) async throws -> [SetupStep.Change] {
        let run = SetupRun(caller: caller, scene: try scene(url))
        return try await run.changes(for: try await caller.steps(run.scene)).filter {
            if case .link = $0 { false } else { true }
        }
    }

    /// The one change that a tool makes; nil if there is none.
    func toolChange(_ caller: SetupCaller, _ url: String? = nil) async throws -> ToolChange? {
        for case .run(let change) in try await changes(caller, url) { return change }
        return nil
    }

    func text(of file: String) -> String? { try? EditedFile(home + "/" + file).text }
}
