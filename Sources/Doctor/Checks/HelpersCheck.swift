import CredentialProtocol
import KeyfobCore
import Secrets

/// git asks keyfob, and no other helper before it, and no other helper stores the tokens.
struct HelpersCheck: Check {
    let id = "helpers"
    let needs = ["git"]
    let limit = Duration.seconds(5)

    func look(_ context: CheckContext) throws -> Finding {
        guard context.notes.read({ $0.gitVersion }) != nil else { return .noGit }
        return Self.finding(try context.parts.git.helpers(for: context.request?.url))
    }

    static func finding(_ chain: HelperChain) -> Finding {
        let names = chain.helpers.map { "\(name($0.kind)) (\($0.origin))" }
        let details: [String: Finding.Detail] = ["helpers": .texts(names)]
        guard let worst = chain.concerns.first else { return .ok(names.joined(separator: ", then "), details) }
        let origin = chain.helpers.first { $0.kind != .keyfob }?.origin ?? "git's configuration"
        var hints: [String] = []
        for hint in chain.concerns.map({ hint($0, origin) }) where !hints.contains(hint) { hints.append(hint) }
        return .warning(words(worst), hints: hints, details)
    }

    private static func name(_ kind: HelperChain.Kind) -> String {
        switch kind {
        case .keyfob: "keyfob"
        case .named(let name): Printable.text(name)
        case .shellCommand: "a shell command"
        }
    }

    private static func words(_ concern: HelperChain.Concern) -> String {
        switch concern {
        case .keyfobIsMissing: "git does not ask keyfob"
        case .writesPlainText(let name):
            "\(Printable.text(name)) writes each token that git used to a file, in plain text"
        case .answersFirst(let name): "git asks \(Printable.text(name)) first, and keyfob only if that has no answer"
        case .keepsCopies(let name): "\(Printable.text(name)) keeps a copy of each token that git used"
        }
    }

    private static func hint(_ concern: HelperChain.Concern, _ origin: String) -> String {
        switch concern {
        case .keyfobIsMissing: "run: keyfob setup git --apply"
        case .writesPlainText: "remove it from credential.helper in \(origin), and delete the file that it wrote"
        case .answersFirst: "put keyfob before it, or remove it from credential.helper in \(origin)"
        case .keepsCopies: "remove it from credential.helper in \(origin)"
        }
    }
}

extension Finding {
    /// The finding of a check that needs git.
    static let noGit = Finding.skipped(because: "git", "not checked, because there is no git")
}
