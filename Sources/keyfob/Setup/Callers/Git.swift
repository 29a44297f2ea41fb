import Console
import CredentialProtocol
import KeyfobCore

/// git (gitcredentials(7)), and all programs that ask `git credential`.
extension SetupCaller {
    static let git = SetupCaller(
        name: "git", aliases: ["git-lfs", "jj"], programs: ["git"],
        summary: "git, git-lfs and all that asks git credential: credential.helper, set by git config",
        needsURL: false,
        steps: { scene in
            let others = (try? await chain(scene))?.isShared ?? false
            return [
                .commands(commands(others: others, scene), of: globalFile(scene)) { try await changed($0, scene) }
            ]
        },
        notes: { scene in await notes(scene) },
        question: { _, url in
            let path = url.pathSegments.isEmpty ? "" : "path=\(url.pathSegments.joined(separator: "/"))\n"
            let host = url.origin.dropFirst(url.scheme.count + 3)
            return SetupQuestion(
                // Not in a repository: its configuration may name a helper, which git would run.
                program: "git", arguments: ["-C", "/", "credential", "fill"],
                // Neither git nor a helper that git knows may prompt the user.
                environment: ["GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "GCM_INTERACTIVE": "never"],
                input: "protocol=\(url.scheme)\nhost=\(host)\n\(path)\n", isOurs: false,
                isCredential: { output in
                    output.split(separator: UInt8(ascii: "\n")).contains { $0.starts(with: "password=".utf8) }
                })
        })

    /// The value of `credential.helper`: `keyfob` if git finds our door under that name.
    private static func helper(_ scene: SetupScene) -> String {
        let door = scene.installation.command("git-credential-keyfob")
        return door.contains("/") ? ShellWords.escaped(door) : "keyfob"
    }

    /// If git asks other helpers too, an empty value first removes them from the list.
    private static func commands(others: Bool, _ scene: SetupScene) -> [[String]] {
        let add = ["git", "config", "--global", "--add", "credential.helper"]
        return others
            ? [add + [""], add + [helper(scene)]]
            : [["git", "config", "--global", "credential.helper", helper(scene)]]
    }

    /// The file that `git config --global` writes to.
    private static func globalFile(_ scene: SetupScene) -> String {
        let (usual, other) = (scene.home + "/.gitconfig", scene.configurationHome + "/git/config")
        if let file = scene.variable("GIT_CONFIG_GLOBAL") { return file }
        return !Installation.exists(usual) && Installation.exists(other) ? other : usual
    }

    /// The helpers in the user's and the system's configuration, without those of a repository.
    private static func chain(
        _ scene: SetupScene, for service: ServiceURL? = nil, global: String? = nil
    ) async throws -> HelperChain {
        let arguments = ["-C", "/", "config", "-z", "--show-origin", "--get-regexp", #"^credential\.(.*\.)?helper$"#]
        let environment = global.map { ["GIT_CONFIG_GLOBAL": $0] } ?? [:]
        let outcome = try await scene.tool("git", arguments, environment: environment).run()
        // Exit status 1: there is no such setting.
        guard let outcome, outcome.status <= 1 else {
            throw SetupFailure.toolFailed(command: "git config", complaint: outcome?.complaint.first)
        }
        return HelperChain(outcome.output, for: service)
    }

    private static func changed(_ old: EditedFile, _ scene: SetupScene) async throws -> String {
        let now = try await chain(scene)
        if now.isOurs { return old.text ?? "" }
        return try await old.changedCopy { copy in
            for value in (now.helpers.isEmpty ? [] : [""]) + [helper(scene)] {
                let arguments = ["config", "--file", copy, "--add", "credential.helper", value]
                _ = try await scene.output(of: "git", arguments)
            }
            guard try await chain(scene, global: copy).isOurs else {
                throw SettingsProblem.unusual(setting: "credential.helper")
            }
        }
    }

    // Notes for the user about the other helpers.

    private static func notes(_ scene: SetupScene) async -> [String] {
        guard let everywhere = try? await chain(scene) else { return [] }
        var notes = everywhere.others.map { "git asks \(name($0)) too (\($0.origin)): \(whatItDoes($0.kind))" }
        guard let url = scene.url, let there = try? await chain(scene, for: url) else { return notes }
        for other in there.others where !everywhere.helpers.contains(other) {
            notes.append(
                "for \(url.origin) git asks \(name(other)) (\(other.origin)): \(whatItDoes(other.kind)); to have keyfob"
                    + " asked there, take it out of that file")
        }
        return notes + pathNote(url, scene)
    }

    /// git does not ask for a service with a path, unless it passes paths to helpers.
    private static func pathNote(_ url: ServiceURL, _ scene: SetupScene) -> [String] {
        guard let request = try? CredentialRequest(url: url.description),
            let host = (try? Environment.configuration())?.host(for: url),
            !host.service.pathSegments.isEmpty
        else { return [] }
        let git = GitConfigCommand(search: scene.installation.search, environment: Environment.environment)
        if (try? git.settings(for: request))?.tellsPath == true { return [] }
        return [
            "git tells no paths, and \(host.service) is known by its path: git config --global"
                + " credential.\(url.origin).useHttpPath true"
        ]
    }

    private static func name(_ helper: HelperChain.Helper) -> String {
        switch helper.kind {
        case .keyfob: "keyfob"
        case .named(let name): name
        case .shellCommand: "a shell command"
        }
    }

    private static func whatItDoes(_ kind: HelperChain.Kind) -> String {
        switch kind {
        case .named("store"): "it writes every token that git gets into a file, in plain text"
        case .named("cache"): "it gives tokens out again that are dead by then"
        case .named("manager"), .named("manager-core"), .named("oauth"): "it signs in by itself"
        case .keyfob: "that is enough"
        case .named, .shellCommand: "it may answer in place of keyfob, and is given its tokens to keep"
        }
    }
}

extension HelperChain {
    /// Whether git asks keyfob and no other helper.
    fileprivate var isOurs: Bool { helpers.map(\.kind) == [.keyfob] }

    /// Whether git asks any other helper.
    fileprivate var isShared: Bool { !others.isEmpty }

    fileprivate var others: [Helper] { helpers.filter { $0.kind != .keyfob } }
}
