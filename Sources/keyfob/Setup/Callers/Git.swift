import CredentialProtocol
import KeyfobCore

/// git (gitcredentials(7)), and all that asks `git credential`.
extension SetupCaller {
    static let git = SetupCaller(
        name: "git", aliases: ["git-lfs", "jj"], programs: ["git"],
        summary: "git, git-lfs and all that asks git credential: credential.helper, set by git config",
        needsURL: false,
        steps: { scene in
            let others = (try? await chain(scene))?.asked(for: nil).contains { !$0.isKeyfob } ?? false
            return [
                .commands(commands(others: others, scene), of: globalFile(scene)) { try await changed($0, scene) }
            ]
        },
        notes: { scene in await notes(scene) },
        question: { _, url in
            let path = url.pathSegments.isEmpty ? "" : "path=\(url.pathSegments.joined(separator: "/"))\n"
            let host = url.origin.dropFirst(url.scheme.count + 3)
            return SetupQuestion(
                program: "git", arguments: ["credential", "fill"],
                // Nobody is asked by git itself, nor by a program that it knows.
                environment: ["GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "GCM_INTERACTIVE": "never"],
                input: "protocol=\(url.scheme)\nhost=\(host)\n\(path)\n",
                isCredential: { output in
                    output.split(separator: UInt8(ascii: "\n")).contains { $0.starts(with: "password=".utf8) }
                })
        })

    /// The value of `credential.helper`: `keyfob` where git finds our door by that name.
    private static func helper(_ scene: SetupScene) -> String {
        let door = scene.installation.command("git-credential-keyfob")
        return door.contains("/") ? ShellWords.quoted(door) : "keyfob"
    }

    /// Where others are asked before us, what was said until now is said to count no more.
    private static func commands(others: Bool, _ scene: SetupScene) -> [[String]] {
        let add = ["git", "config", "--global", "--add", "credential.helper"]
        return others
            ? [add + [""], add + [helper(scene)]]
            : [["git", "config", "--global", "credential.helper", helper(scene)]]
    }

    /// Where `git config --global` writes.
    private static func globalFile(_ scene: SetupScene) -> String {
        let (usual, other) = (scene.home + "/.gitconfig", scene.configurationHome + "/git/config")
        if let file = scene.variable("GIT_CONFIG_GLOBAL") { return file }
        return !Installation.exists(usual) && Installation.exists(other) ? other : usual
    }

    /// The helpers of the person and of the machine; those of a repository are its own affair.
    static func chain(_ scene: SetupScene, global: String? = nil) async throws -> GitHelperChain {
        let arguments = [
            "-C", "/", "config", "-z", "--show-scope", "--show-origin", "--get-regexp",
            #"^credential\.(.*\.)?helper$"#,
        ]
        let environment = global.map { ["GIT_CONFIG_GLOBAL": $0] } ?? [:]
        let outcome = try await scene.tool("git", arguments, environment: environment).run()
        // 1: there is none.
        guard let outcome, outcome.status <= 1 else {
            throw SetupFailure.toolFailed(command: "git config", complaint: outcome?.complaint.first)
        }
        return GitHelperChain(output: outcome.output)
    }

    private static func changed(_ old: PersonsFile, _ scene: SetupScene) async throws -> String {
        let asked = try await chain(scene).asked(for: nil)
        if asked.count == 1, asked[0].isKeyfob { return old.text ?? "" }
        return try await old.changedCopy { copy in
            for value in (asked.isEmpty ? [] : [""]) + [helper(scene)] {
                let arguments = ["config", "--file", copy, "--add", "credential.helper", value]
                _ = try await scene.output(of: "git", arguments)
            }
            let after = try await chain(scene, global: copy).asked(for: nil)
            guard after.count == 1, after[0].isKeyfob else {
                throw SettingsProblem.unusual(setting: "credential.helper")
            }
        }
    }

    // What a person should know of the others.

    private static func notes(_ scene: SetupScene) async -> [String] {
        guard let chain = try? await chain(scene) else { return [] }
        var notes = chain.asked(for: nil).filter { !$0.isKeyfob }.map { other in
            "git asks \(shown(other)) too (\(other.origin)): \(whatItDoes(other.helper))"
        }
        guard let url = scene.url else { return notes }
        for other in chain.asked(for: url) where !other.isKeyfob {
            guard let place = other.url else { continue }
            notes.append("for \(url.origin) git asks \(shown(other)) (\(other.origin)): \(whatItDoes(other.helper))")
            notes.append("to have keyfob asked there: git config --global --unset-all credential.\(place).helper")
        }
        return notes
    }

    private static func shown(_ entry: GitHelperChain.Entry) -> String {
        Concealed(ours: []).shown(Substring(entry.helper))
    }

    private static func whatItDoes(_ helper: String) -> String {
        let program = helper.split(separator: " ").first?.split(separator: "/").last ?? ""
        switch program {
        case "store", "git-credential-store": return "it writes every token that git gets into a file, in plain text"
        case "cache", "git-credential-cache": return "it gives tokens out again that are dead by then"
        case "libsecret", "gnome-keyring", "git-credential-libsecret":
            return "it keeps every token that git gets in the keyring, and gives it out when it is dead"
        case "manager", "manager-core", "oauth", "git-credential-manager", "git-credential-oauth":
            return "it signs in by itself"
        default: return "it may answer in place of keyfob, and is given its tokens to keep"
        }
    }
}
