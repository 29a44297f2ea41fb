import Console
import CredentialProtocol
import Files
import Glibc
import Import
import KeyfobCore

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
        return file + (place.line.map { ":\($0)" } ?? "") + (place.entry.map { ", \(Messages.printable($0))" } ?? "")
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
            }
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

    /// Hints for removing the secrets that are still in plain text, once they are no longer needed there.
    static func removal(of found: [FoundCredential]) -> [String] {
        func files(_ keeper: FoundCredential.Keeper) -> [String] {
            var files: [String] = []
            for case let file? in found.filter({ $0.keeper == keeper }).map(\.place.file) where !files.contains(file) {
                files.append(file)
            }
            return files
        }
        func inPlainText(_ file: String) -> String { "\(name(of: file)) still holds secrets in plain text" }
        let store = files(.store).map {
            inPlainText($0) + "; to remove it: shred -u \(name(of: $0)), and take store out of credential.helper"
        }
        let gh = files(.gh).map {
            inPlainText($0) + "; to have gh keep them in the keyring: gh auth logout, then gh auth login"
        }
        let docker = files(.docker).map {
            inPlainText($0) + "; to remove them: docker logout REGISTRY, and name keyfob in credHelpers"
        }
        return store + gh + docker
    }
}
