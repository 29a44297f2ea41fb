import Addresses
import Console
import CredentialProtocol
import Files
import KeyfobCore
import Secrets

/// git (gitcredentials(7)), and all programs that ask `git credential`.
extension SetupCaller {
    static let git = SetupCaller(
        name: "git", aliases: ["git-lfs", "jj"], programs: ["git"],
        summary: "git, git-lfs and all programs that ask git credential: credential.helper, set by git config",
        needsURL: false,
        steps: { scene in
            [await .run([add(helper(scene))], of: [globalFile(scene)]) { try await change(scene) }]
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

    private static func add(_ helper: String) -> [String] {
        ["git", "config", "--global", "--add", "credential.helper", helper]
    }

    /// Removes exactly this value; other helpers stay.
    private static func remove(_ helper: String) -> [String] {
        ["git", "config", "--global", "--fixed-value", "--unset-all", "credential.helper", helper]
    }

    /// If git asks other helpers too, an empty value first removes them from git's list.
    private static func change(_ scene: SetupScene) async throws -> ToolChange? {
        let now = try await chain(scene)
        if now.isOurs { return nil }
        let values = now.helpers.isEmpty ? [helper(scene)] : ["", helper(scene)]
        // Undoing must not remove a value that the user wrote, so the user removes ours in an editor.
        let written = try await globalValues(scene)
        let undo =
            values.contains(where: written.contains)
            ? [["git", "config", "--global", "--edit"]] : values.reversed().map(remove)
        return ToolChange(commands: values.map(add), undo: undo)
    }

    /// The values of `credential.helper` in the file that `git config --global` writes to.
    private static func globalValues(_ scene: SetupScene) async throws -> [String] {
        let arguments = ["config", "--global", "-z", "--get-all", "credential.helper"]
        // Exit status 1: there is no such setting.
        guard let outcome = try await scene.run("git", arguments), outcome.status == 0 else { return [] }
        return String(decoding: outcome.output, as: UTF8.self).parts(at: "\0").dropLast().map(String.init)
    }

    /// The file that `git config --global` writes to.
    private static func globalFile(_ scene: SetupScene) -> String {
        let (usual, other) = (scene.home + "/.gitconfig", scene.configurationHome + "/git/config")
        if let file = scene.variable("GIT_CONFIG_GLOBAL") { return file }
        return !Paths.exists(usual) && Paths.exists(other) ? other : usual
    }

    /// The helpers in the user's and the system's configuration, without those of a repository.
    private static func chain(
        _ scene: SetupScene, for service: ServiceURL? = nil
    ) async throws -> HelperChain {
        let arguments = ["-C", "/", "config", "-z", "--show-origin", "--get-regexp", #"^credential\.(.*\.)?helper$"#]
        let outcome = try await scene.run("git", arguments)
        // Exit status 1: there is no such setting.
        guard let outcome, outcome.status <= 1 else {
            throw SetupFailure.toolFailed(command: "git config", complaint: outcome?.complaint.first)
        }
        return HelperChain(outcome.output, for: service)
    }

    // Notes for the user about the other helpers.

    private static func notes(_ scene: SetupScene) async -> [String] {
        guard let everywhere = try? await chain(scene) else { return [] }
        var notes = everywhere.others.map { "git asks \(name($0)) too (\($0.origin)): \(whatItDoes($0.kind))" }
        guard let url = scene.url, let there = try? await chain(scene, for: url) else { return notes }
        for other in there.others where !everywhere.helpers.contains(other) {
            notes.append(
                "for \(url.origin) git asks \(name(other)) (\(other.origin)): \(whatItDoes(other.kind)); to use"
                    + " keyfob there, remove it from that file")
        }
        return notes + pathNote(url, scene)
    }

    /// git does not ask for a service with a path, unless it passes paths to helpers.
    private static func pathNote(_ url: ServiceURL, _ scene: SetupScene) -> [String] {
        guard let host = scene.configuration?.host(for: url), !host.service.pathSegments.isEmpty else { return [] }
        let request = CredentialRequest(
            protocolName: url.scheme, host: scene.host, path: url.pathSegments.joined(separator: "/"))
        let git = GitConfigCommand(search: scene.installation.search, environment: scene.variables)
        if (try? git.settings(for: request))?.tellsPath == true { return [] }
        return [
            "git passes no paths to helpers, but \(host.service) has one; to pass them: git config --global"
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
        case .named("store"): "it writes every token that git gets to a file in plain text"
        case .named("cache"): "it returns tokens that have expired"
        case .named("manager"), .named("manager-core"), .named("oauth"): "it signs you in itself"
        case .keyfob: "one is enough"
        case .named, .shellCommand: "it may answer instead of keyfob, and stores its tokens"
        }
    }
}

extension HelperChain {
    /// Whether git asks keyfob and no other helper.
    fileprivate var isOurs: Bool { helpers.map(\.kind) == [.keyfob] }

    /// The helpers that are not keyfob.
    fileprivate var others: [Helper] { helpers.filter { $0.kind != .keyfob } }
}
