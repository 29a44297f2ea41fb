import Console
import CredentialProtocol
import Files
import Glibc
import KernelKeyring
import KeyfobCore

/// What is wrong with the places where settings are, and how it is mended.
extension Report {
    static func words(place problem: ConfigurationError.Problem) -> String {
        switch problem {
        case .notAFile: "is not a file"
        case .notSet: "it names no absolute path, so keyfob knows no home directory to write to"
        case .ofAnotherUser(let owner): "belongs to \(name(ofUser: owner)), who could choose where you sign in"
        case .writableByOthers: "others may write to it, and so choose where you sign in"
        case .full(let entries): "it holds \(entries) services, and has no room for another one"
        case .entryTooLarge(let bytes): "more than \(bytes) bytes are to be written down for this service"
        case .gitTimedOut(let seconds): "git does not say within \(seconds) seconds what its settings are"
        case .gitFailed(let status): "git cannot read its settings" + (status.map { " (exit status \($0))" } ?? "")
        default: "cannot be used"
        }
    }

    /// The hints for what a person can mend by one command.
    static func mend(_ error: ConfigurationError) -> [String] {
        let path = ShellWords.quoted(error.file)
        switch error.problem {
        case .ofAnotherUser where error.file.hasPrefix("/etc/"):
            return ["look at it, then make it root's: sudo chown root \(path)"]
        case .writableByOthers where error.file.hasPrefix("/etc/"): return ["sudo chmod go-w \(path)"]
        case .ofAnotherUser: return [asAnotherUser ?? "look at it, then make it yours: sudo chown \(geteuid()) \(path)"]
        case .writableByOthers: return ["chmod go-w \(path)"]
        case .notSet: return ["set \(error.file) to your home directory"]
        case .full: return ["sign out where you need it no more: keyfob status, then keyfob logout URL"]
        case .entryTooLarge: return ["write an entry with issuer and scopes into the configuration instead"]
        case .gitTimedOut:
            return ["see what git waits for: git config --list --show-origin; a file that it includes may be a pipe"]
        case .gitFailed: return ["mend what git complains of: git config --list"]
        case .unreadable(errno: EACCES):
            if let hint = makeYours(onTheWayTo: error.file) { return [hint] }
        default: break
        }
        guard error.file == KeyNames.approvals(variable: Environment.variable) else { return [] }
        return [
            "mend it, or begin anew: mv \(path) \(ShellWords.quoted(error.file + ".broken"))",
            "then sign in again: keyfob login URL",
        ]
    }

    /// How a person gets back what a keyfob that ran as root has made in their directories; nil where there is no such thing.
    static func makeYours(onTheWayTo path: String) -> String? {
        OwnDirectory.lost(onTheWayTo: path).map {
            "it was made by root in your directory; make it yours: sudo chown -R \(geteuid()) \(ShellWords.quoted($0))"
        }
    }

    /// For root with the environment of a person; nil for everybody else.
    static var asAnotherUser: String? {
        guard geteuid() == 0 else { return nil }
        return "you are root with the directories of another user: run it as that user, or as root alone: sudo -i"
    }

    static func name(ofUser id: UInt32) -> String { id == 0 ? "root" : "another user (\(id))" }
}
