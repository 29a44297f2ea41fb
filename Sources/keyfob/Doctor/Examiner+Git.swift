import ArgumentParser
import Console
import CredentialProtocol
import Dialects
import KeyfobCore

/// Checks git, and whether it finds keyfob.
extension Examiner {
    private var gitCommand: GitConfigCommand { GitConfigCommand(search: search, environment: Environment.environment) }

    func git() -> Finding {
        guard let version = gitCommand.version() else {
            return .warning("there is no git, or it does not say which", mend: ["install git, if it shall ask keyfob"])
        }
        notes.note { $0.gitVersion = version }
        let name = "git \(version.major).\(version.minor)"
        let details: [String: Finding.Detail] = ["version": .text("\(version.major).\(version.minor)")]
        let unheeded = (try? gitCommand.unheededSettings()) ?? []
        if !unheeded.isEmpty {
            return .warning(
                "\(name); keyfob does not heed what holds in this directory alone: "
                    + unheeded.prefix(5).map(Messages.address).joined(separator: ", "),
                mend: ["to have it heeded, set it for all directories: git config --global NAME VALUE"], details)
        }
        if version < .tellsChallenges {
            return .warning(
                name + " does not tell helpers what a service asks for (wwwauth, git 2.41)",
                mend: ["sign in to new hosts by name: keyfob login URL"], details)
        }
        return .ok(version < .takesSchemes ? name + ", which knows Basic alone (authtype, git 2.46)" : name, details)
    }

    func helpers() throws -> Finding {
        guard notes.read({ $0.gitVersion }) != nil else { return .skipped(because: .git, "there is no git") }
        let chain = try gitCommand.helpers(for: request?.url)
        let told = chain.helpers.map { "\(Self.name($0.kind)) (\($0.origin))" }
        let details: [String: Finding.Detail] = ["helpers": .texts(told)]
        guard let worst = chain.concerns.first else { return .ok(told.joined(separator: ", then "), details) }
        let origin = chain.helpers.first { Self.name($0.kind) != "keyfob" }?.origin ?? "git's configuration"
        let all = chain.concerns.map { Self.mend($0, origin) }
        return .warning(
            Self.words(worst), mend: all.enumerated().filter { all[..<$0].contains($1) == false }.map(\.1), details)
    }

    private static func name(_ kind: HelperChain.Kind) -> String {
        switch kind {
        case .keyfob: "keyfob"
        case .named(let name): Messages.printable(name)
        case .shellCommand: "a shell command"
        }
    }

    private static func words(_ concern: HelperChain.Concern) -> String {
        switch concern {
        case .keyfobIsMissing: "git does not ask keyfob"
        case .writesPlainText(let name):
            "\(Messages.printable(name)) writes each token that git used to disk, in plain text"
        case .answersFirst(let name):
            "\(Messages.printable(name)) is asked first, and keyfob only where it has no answer"
        case .keepsCopies(let name): "\(Messages.printable(name)) keeps a copy of each token that git used"
        }
    }

    private static func mend(_ concern: HelperChain.Concern, _ origin: String) -> String {
        switch concern {
        case .keyfobIsMissing: "git config --global credential.helper keyfob"
        case .writesPlainText: "take it out of credential.helper in \(origin), and delete what it has written"
        case .answersFirst: "put keyfob before it, or take it out of credential.helper in \(origin)"
        case .keepsCopies: "take it out of credential.helper in \(origin)"
        }
    }

    func doors() -> Finding {
        let (door, place) = ("git-credential-keyfob", Installation())
        let (found, own) = (search.path(of: door), place.directory)
        let version = Keyfob.configuration.version
        let callers = Dialects.executables.compactMap { search.path(of: $0) }
        let details: [String: Finding.Detail] = [
            "directory": .text(own), "version": .text(version), "is_on_path": .truth(found != nil),
            "callers": .texts(callers.filter(place.isOurs)),
        ]
        guard Installation.exists(own + "/" + door) else {
            return .warning(
                "\(door) is not beside keyfob in \(own)", mend: ["install both into one directory"], details)
        }
        guard let found else {
            return .warning(
                "\(door) is not on PATH, where git looks for it",
                mend: ["put \(own) on PATH, or set credential.helper to \(own)/\(door)"], details)
        }
        if let other = ([found] + callers.filter { $0.hasSuffix("-keyfob") }).first(where: { !place.isOurs($0) }) {
            let directory = Installation.directory(of: other)
            let its = OtherProgram.output(
                of: directory + "/keyfob", ["--version"], environment: Environment.environment)
            let said = its.map { "version " + Messages.printable(String($0.prefix { $0 != "\n" })) }
            return .warning(
                "\(other) is of another keyfob, \(said ?? "of no known version")", mend: ["remove one of the two"],
                details)
        }
        return .ok("keyfob and \(door) \(version), both in \(own)", details)
    }

    func httpPath() -> Finding {
        guard notes.read({ $0.gitVersion }) != nil else { return .skipped(because: .git, "there is no git") }
        guard let request, let account = notes.read({ $0.account }) else { return .ok("git is not asked") }
        let tellsPath = gitCommand.tellsPath(for: request)
        let details: [String: Finding.Detail] = ["use_http_path": .truth(tellsPath)]
        if !account.service.pathSegments.isEmpty, !tellsPath {
            return .warning(
                "git tells no paths, and this sign-in is for \(account.service) alone",
                mend: [
                    "if git shall use it: git config --global credential.\(account.service.origin).useHttpPath true"
                ],
                details)
        }
        return .ok(
            tellsPath ? "git tells the path, too" : "git asks for the whole host, as it is signed in to", details)
    }
}
