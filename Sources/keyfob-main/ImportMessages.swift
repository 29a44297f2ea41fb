import Console
import CredentialProtocol
import Files
import Glibc
import Import
import KeyfobCore
import Secrets

/// The messages of `keyfob import` about the credentials of other programs. They never show a secret.
enum ImportMessages {
    // The credentials that were found.

    /// The columns of one credential: service, user, kind, place, and the result of copying it.
    static func row(_ found: FoundCredential, _ verdict: CredentialImport.Verdict, replaces: Bool) -> [String] {
        let kind =
            switch found.kind {
            case .password: "password"
            case .token: "token"
            }
        return [
            service(found), Messages.printable(found.request.username ?? ""), kind,
            found.keeper.rawValue + ", " + place(found.place), words(verdict, replaces: replaces),
        ]
    }

    private static func words(_ verdict: CredentialImport.Verdict, replaces: Bool) -> String {
        switch verdict {
        case .new: "to be copied"
        case .same: "already there"
        case .differs: replaces ? "to be copied, replacing another one" : "another one is there and stays"
        case .signsIn: "not needed: keyfob signs in there"
        }
    }

    private static func service(_ found: FoundCredential) -> String {
        let request = found.request
        let path = request.path.map { "/" + $0 } ?? ""
        return Messages.printable("\(request.protocolName)://\(request.host)\(path)")
    }

    /// The file's name, with `~` for the home directory, and the line number.
    static func place(_ place: FoundCredential.Place) -> String {
        let file = place.file.map(name) ?? "keyring"
        return file + (place.line.map { ":\($0)" } ?? "") + (place.entry.map { ", \(Messages.address($0))" } ?? "")
    }

    private static func name(of file: String) -> String {
        guard let home = Environment.variable("HOME"), !home.isEmpty, file.hasPrefix(home + "/") else {
            return Messages.printable(file)
        }
        return Messages.printable("~" + file.dropFirst(home.count))
    }

    /// The rows as text in aligned columns.
    static func table(_ rows: [[String]]) -> String {
        let last = (rows.first?.count ?? 1) - 1
        let widths = (0..<last).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return (cells + row.suffix(1)).joined(separator: "  ") + "\n"
        }.joined()
    }

    static func line(of problem: Findings.Problem, with keeper: FoundCredential.Keeper) -> String {
        let said =
            switch problem.reason {
            case .malformed(let form): "not \(form), ignored"
            case .repeated: "a second one for the same service and user, ignored"
            case .refreshToken: "a refresh token that only that program can use"
            case .readableByOthers: "other users of this machine can read it"
            case .unreadable(let code): FileError.text(of: code)
            case .notTrusted(let reason): "\(reason), and not read"
            case .storeNotRead(let store): "keyfob cannot read its store \(Messages.printable(store))"
            }
        if case .storeNotRead = problem.reason { return "\(keeper.rawValue): \(said)" }
        return "\(keeper.rawValue), \(place(problem.place)): \(said)"
    }

    /// The line for the problems that are not shown one by one; nil if there are none.
    static func line(ofRest problems: [Findings.Problem], with keeper: FoundCredential.Keeper) -> String? {
        guard let first = problems.first, let last = problems.last else { return nil }
        if problems.count == 1 { return "\(keeper.rawValue): 1 more such entry, at \(place(first.place))" }
        let places = "from \(place(first.place)) to \(place(last.place))"
        return "\(keeper.rawValue): \(problems.count) more such entries, \(places)"
    }

    /// A setting of Git Credential Manager, and whether it counts. Its value may be a secret, and is not shown.
    static func line(of setting: ManagerSetting) -> String {
        let said =
            switch setting.use {
            case .counts: "counts for keyfob too"
            case .incomplete:
                "does not count without all of oauthClientId, oauthAuthorizeEndpoint and oauthTokenEndpoint"
            case .overruled: "does not count: another setting has priority, or keyfob cannot use its value"
            case .refused(let error): "is an error: \(Report.words(value: error))"
            case .blocked(let other): "does not count as long as \(Messages.printable(other)) is an error"
            case .configured: "does not count: keyfob's own configuration has this service"
            case .withoutScheme: "does not count without https:// before the host"
            case .noService: "does not count: keyfob has no credentials for such a URL"
            case .unread(nil): "does not count, and keyfob has nothing like it"
            case .unread(let instead?): "does not count; instead: \(words(instead))"
            }
        let keeper = FoundCredential.Keeper.manager.rawValue
        return "\(keeper): \(Messages.address(setting.name)) \(said)"
    }

    private static func words(_ replacement: ManagerSetting.Replacement) -> String {
        switch replacement {
        case .key(let name): "\(name) in keyfob's configuration"
        case .hostKey(let name): "\(name) of the service in keyfob's configuration"
        case .git(let name): "git's setting \(name)"
        case .variable(let name): "the variable \(name)"
        }
    }

    // The question and its result.

    static func question(_ number: Int) -> String { "copy \(count(number)) into your keyring? [y/N] " }

    static func count(_ number: Int) -> String { number == 1 ? "1 credential" : "\(number) credentials" }

    static func names(_ keepers: [FoundCredential.Keeper]) -> String {
        (keepers.isEmpty ? FoundCredential.Keeper.allCases : keepers).map(\.rawValue).joined(separator: ", ")
    }

    /// Hints for removing the secrets that are still in plain text. A file that holds the only copy of a secret is not to be
    /// removed, so its hint names the entries instead.
    ///
    /// - Parameters:
    ///   - found: the credentials that were found in files.
    ///   - onlyThere: those of them whose secret is not in the keyring.
    ///   - problems: the entries that were not taken, among other problems.
    static func removal(
        of found: [FoundCredential], onlyThere: [FoundCredential], _ problems: [Findings.Problem]
    ) -> [String] {
        var hints: [String] = []
        for keeper in FoundCredential.Keeper.allCases {
            var files: [String] = []
            let theirs = found.filter { $0.keeper == keeper }
            for case let file? in theirs.map(\.place.file) where !files.contains(file) { files.append(file) }
            for file in files {
                let entries = theirs.filter { $0.place.file == file }
                let lost = onlyThere.filter { $0.keeper == keeper && $0.place.file == file }
                let ignored = problems.filter { $0.place.file == file && $0.isEntry }
                let end =
                    lost.isEmpty && ignored.isEmpty
                    ? removal(of: entries, keeper, file)
                    : only(lost, ignored, all: lost.count == entries.count && ignored.isEmpty)
                hints.append("\(name(of: file)) still holds secrets in plain text; \(end)")
            }
        }
        return hints
    }

    /// How to remove a file, or its secrets, if the keyring has them all.
    private static func removal(
        of entries: [FoundCredential], _ keeper: FoundCredential.Keeper, _ file: String
    ) -> String {
        switch keeper {
        case .store: return "to remove it: shred -u \(word(file)), and take store out of credential.helper"
        case .manager: return "to remove it: shred -u \(word(file)), and set another credential.credentialStore"
        case .gh: return "to have gh keep them in the keyring: gh auth logout, then gh auth login"
        case .docker:
            let program = file.hasSuffix("/auth.json") ? "podman" : "docker"
            // A name that holds a secret is not shown, and is no name that these programs write.
            let names = entries.compactMap(\.name).filter { Printable.withoutSecrets($0) == $0 }
            let commands = names.map { "\(program) logout \(Messages.whole(ShellWords.quoted($0)))" }
            let rest = names.count < entries.compactMap(\.name).count ? ["the other entries in an editor"] : []
            return "to remove them: \((commands + rest).joined(separator: ", ")), and name keyfob in credHelpers"
        }
    }

    /// The file as a word of a command line.
    private static func word(_ file: String) -> String {
        ShellWords.quoted(file) == file ? name(of: file) : Messages.whole(ShellWords.quoted(file))
    }

    /// The entries whose secret is in the file alone.
    private static func only(_ lost: [FoundCredential], _ ignored: [Findings.Problem], all: Bool) -> String {
        if all { return "your keyring has none of them" }
        let entries =
            lost.map { found in
                let user = "\(service(found)) \(Messages.printable(found.request.username ?? ""))"
                return found.place.line.map { "line \($0) (\(user))" } ?? user
            }
            + ignored.map { problem in
                problem.place.line.map { "line \($0)" } ?? problem.place.entry.map { Messages.address($0) }
                    ?? "an entry"
            }
        let more = entries.count > mostEntries ? " and \(entries.count - mostEntries) more" : ""
        return "only there: " + entries.prefix(mostEntries).joined(separator: ", ") + more
    }

    private static let mostEntries = 10
}

extension Findings.Problem {
    /// Whether it is about one entry, which was not taken.
    fileprivate var isEntry: Bool {
        switch reason {
        case .malformed, .refreshToken: true
        // A repeated one is compared with the keyring.
        case .repeated, .readableByOthers, .unreadable, .notTrusted, .storeNotRead: false
        }
    }
}
