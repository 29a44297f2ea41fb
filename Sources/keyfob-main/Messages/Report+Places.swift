import Addresses
import Console
import CredentialProtocol
import Files
import Glibc
import KernelKeyring
import KeyfobCore
import Secrets

/// Problems with files and directories of the configuration, and how to fix them.
extension Report {
    static func words(place problem: ConfigurationError.Problem) -> String {
        switch problem {
        case .notAFile: "is not a file"
        case .notSet: "it is not an absolute path, so keyfob has no home directory to write to"
        case .ofAnotherUser(let owner): "belongs to \(name(ofUser: owner)), who could choose where you sign in"
        case .writableByOthers: "other users can write to it, and so choose where you sign in"
        case .full(let entries): "it has \(entries) services and no room for more"
        case .entryTooLarge(let bytes): "the entry for this service is larger than \(bytes) bytes"
        case .gitTimedOut(let seconds): "git did not report its settings within \(seconds) seconds"
        case .gitFailed(let status): "git cannot read its settings" + (status.map { " (exit status \($0))" } ?? "")
        default: "cannot be used"
        }
    }

    /// Whether a key of a host has the name of a key that is outside of the hosts.
    private static func belongsAbove(_ key: String?) -> Bool {
        guard let name = key?.parts(at: ".").last else { return false }
        return Configuration.keys.contains { name.isSame(as: $0.name) }
    }

    /// Hints with a command that fixes the problem.
    static func mend(_ error: ConfigurationError) -> [String] {
        guard let line = MeantLine.instead(of: error, ascii: InternationalName.ascii) else { return mendPlace(error) }
        guard error.file == ConfigurationError.git, let key = error.key else {
            // A line with a password is not shown.
            guard line.firstRange(of: "://") == nil || Printable.withoutSecrets(line) == line else {
                return mendPlace(error)
            }
            let other = if case .notAllowed = error.problem { [String]() } else { mendPlace(error) }
            return ["write: \(Messages.whole(line))"] + other
        }
        let value = line.parts(at: "\"").dropFirst().first.map(String.init) ?? ""
        return [
            "run: git config --global \(ShellWords.quoted(Messages.whole(key))) "
                + ShellWords.quoted(Messages.whole(value))
        ]
    }

    /// Hints for other problems than that of a URL.
    private static func mendPlace(_ error: ConfigurationError) -> [String] {
        let path = ShellWords.quoted(error.file)
        switch error.problem {
        case .ofAnotherUser where error.file.hasPrefix("/etc/"):
            return ["check its content, then give it to root: sudo chown root \(path)"]
        case .writableByOthers where error.file.hasPrefix("/etc/"): return ["sudo chmod go-w \(path)"]
        case .ofAnotherUser:
            return [
                asAnotherUser ?? "check its content, then take ownership: sudo chown "
                    + "\(geteuid()) \(path)"
            ]
        case .writableByOthers: return ["chmod go-w \(path)"]
        case .notSet: return ["set \(error.file) to your home directory"]
        case .full: return ["log out of services that you no longer need; to list them, run: keyfob status"]
        case .entryTooLarge: return ["write an entry with issuer and scopes into the configuration instead"]
        case .gitTimedOut:
            return ["see what git waits for: git config --list --show-origin; a file that it includes may be a pipe"]
        case .gitFailed: return ["fix the error that git shows: git config --list"]
        case .unknownKey where Self.belongsAbove(error.key):
            return ["write it above the first line that begins with [: it is no key of a host"]
        case .unknownKey where Self.belongsBelow(error.key):
            return ["write it below a line [host.\"https://...\"] with the address of a service: it is a key of a host"]
        case .unknownKey: if let key = error.nearestKey { return ["did you mean \(key)?"] }
        case .doubled(false, let line):
            return ["keep one of the lines \(line) and \(error.line ?? 0), and delete the other"]
        case .doubled(true, _): return ["write this line once, and all its keys below it: [\(error.key ?? "")]"]
        case .twice(let service, _):
            return ["write this line once, and all its keys below it: [host.\"\(Messages.whole(service))\"]"]
        case .secret(let service, let id): return keepSecret(of: service, id, key: error.key)
        case .notAllowed where error.line != nil: return ["write one of these, or leave the line out"]
        case .incomplete(let missing):
            return ["write into this entry: \(missing) = \"https://...\" with its address"]
        case .unwritable(let code):
            if code == EACCES, let hint = foreignHome ?? makeYours(onTheWayTo: error.file) { return [hint] }
            return [
                stateHint(error.file, code)
                    ?? "nothing was changed; " + (giveRoom(code) ?? "try again")
            ]
        case .unreadable(errno: EACCES):
            return [foreignHome ?? makeYours(onTheWayTo: error.file) ?? "let yourself read it: chmod u+rw \(path)"]
        case .unreadable(errno: EFBIG): return ["keyfob reads at most 1 MiB"] + startAnew(error)
        case .unreadable(let code): if let hint = giveRoom(code) { return [hint] }
        default: break
        }
        return startAnew(error)
    }

    /// The hints for a list of approved services whose content is broken. A sound list stays where it is.
    private static func startAnew(_ error: ConfigurationError) -> [String] {
        guard error.file == KeyNames.approvals(variable: Environment.variable) else { return [] }
        if case .unreadable(let code) = error.problem, ![EFBIG, EISDIR, ELOOP].contains(code) { return ["try again"] }
        return [
            "fix it, or start with a new one: mv \(ShellWords.quoted(error.file)) "
                + ShellWords.quoted(error.file + ".broken"),
            "then sign in to your services again",
        ]
    }

    /// How a user stores the secret that a line of the configuration has.
    private static func keepSecret(of service: ServiceURL?, _ id: String?, key: String?) -> [String] {
        let isOfClient = key?.parts(at: ".").last?.asciiLowercased.firstRange(of: "secret") != nil
        let words =
            isOfClient
            ? [ShellWords.option("--client-id", Messages.whole(id ?? "ID")), "--client-secret"].joined(
                separator: " ")
            : ""
        let login = service.map { Messages.login(words, $0) } ?? "keyfob login \(words) URL"
        return [
            "delete the line", (isOfClient ? "keyfob asks for the secret, and stores it: " : "to sign in: ") + login,
        ]
    }

    /// How a user gives a file room, or the system the right to write it, if the system has none for any file there; nil for
    /// other reasons.
    static func giveRoom(_ code: CInt) -> String? {
        switch code {
        case ENOSPC: "the disk is full: make room on it"
        case EDQUOT: "your quota on that disk is used up: make room there"
        case EFBIG: "this process may write no file of that size; to lift the limit: ulimit -f unlimited"
        case EROFS: "the file system is read-only: write to another one, or let root mount it anew"
        case EIO: "the disk does not work: see sudo dmesg"
        case EMFILE, ENFILE: "too many files are open: end other programs, and try again"
        default: nil
        }
    }

    /// The hint if the directory for the list of services cannot be written to; nil for another file or another problem.
    private static func stateHint(_ path: String, _ code: CInt) -> String? {
        guard let list = KeyNames.approvals(variable: Environment.variable), list.hasPrefix(path) else { return nil }
        switch code {
        case ENOSPC, EDQUOT:
            return "nothing was changed; make room there, or set XDG_STATE_HOME to a directory on another disk"
        case EROFS, EACCES, EPERM, ENOTDIR, ENOENT, ELOOP:
            return "keyfob lists your services there; make it a directory of your own that you can write to, "
                + "or set XDG_STATE_HOME to one"
        default: return nil
        }
    }

    /// Whether a key outside of the hosts has the name of a key of a host.
    private static func belongsBelow(_ key: String?) -> Bool {
        key.map { name in Configuration.Host.keys.contains { name.isSame(as: $0.name) } } ?? false
    }

    /// The hint for files that keyfob created as root in the user's directories; nil if there are none.
    static func makeYours(onTheWayTo path: String) -> String? {
        OwnDirectory.lost(onTheWayTo: path).map {
            "root created it in your directory; take ownership: sudo chown -R \(geteuid()) \(ShellWords.quoted($0))"
        }
    }

    /// The hint for a user whose `HOME` is another user's, as in a container that was started with another user id.
    static var foreignHome: String? {
        guard geteuid() != 0, let home = Environment.variable("HOME"), let status = try? FileStatus(of: home),
            !status.isOurs
        else { return nil }
        return "HOME is a directory of \(name(ofUser: status.owner)): set HOME to one of your own"
    }

    /// The hint for root with another user's environment; nil for everybody else.
    static var asAnotherUser: String? {
        guard geteuid() == 0 else { return nil }
        return "you are root but use the directories of another user; run keyfob as that user, or first run: sudo -i"
    }

    static func name(ofUser id: UInt32) -> String { id == 0 ? "root" : "another user (\(id))" }
}
