import CredentialProtocol
import FoundationEssentials
import KeyfobCore
import OAuth
import Secrets

/// Words for people that more than one place says.
enum Messages {
    /// Text from elsewhere, made fit for a terminal: control and bidirectional characters replaced, at most 200
    /// characters.
    static func printable(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars.prefix(200) {
            result.unicodeScalars.append(isHarmful(scalar) ? "\u{FFFD}" : scalar)
        }
        return result + (text.unicodeScalars.count > 200 ? "..." : "")
    }

    /// A command about `service` as it can be pasted into a shell: a path may hold what a shell would run.
    static func command(_ words: String, _ service: ServiceURL) -> String {
        "keyfob \(words) \(ShellWords.quoted(service.description))"
    }

    /// `keyfob login`.
    static func login(_ service: ServiceURL) -> String { command("login", service) }

    /// The same with options.
    static func login(_ options: String, _ service: ServiceURL) -> String { command("login " + options, service) }

    /// An address, or what was meant for one, without the user name and the password in it, either of which may be a
    /// token: all between the scheme and the last at sign, wherever an address that is none has it.
    static func address(_ text: String) -> String {
        guard let at = text.utf8.lastIndex(of: UInt8(ascii: "@")) else { return printable(text) }
        let scheme = text.utf8[..<at].firstRange(of: "://".utf8).map { text[..<$0.upperBound] } ?? ""
        return printable(scheme + "..." + text[at...])
    }

    /// Text that may be shown to anybody: ``printable(_:)``, with `~` for the person's home directory, and without what
    /// stands before an at sign, an e-mail address or a user name among it.
    static func shareable(_ text: String, home: String?) -> String {
        let words = printable(text).split(separator: " ", omittingEmptySubsequences: false).map { word in
            word.holds("@") ? address(String(word)) : String(word)
        }
        let line = words.joined(separator: " ")
        guard let home, home.hasPrefix("/"), home.count > 1 else { return line }
        var (shown, rest) = ("", line[...])
        while let found = rest.firstRange(of: home) {
            let isWhole = rest[found.upperBound...].first.map { !$0.isLetter && !$0.isNumber } ?? true
            shown += rest[..<found.lowerBound] + (isWhole ? "~" : home)
            rest = rest[found.upperBound...]
        }
        return shown + rest
    }

    /// C0, DEL, C1, line and paragraph separators, and what changes the direction of writing (Unicode TR 9).
    static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB:
            true
        default: false
        }
    }

    /// A span of seconds in the largest fitting unit.
    static func span(_ seconds: Int64) -> String {
        switch seconds {
        case 1: "1 second"
        case ..<120: "\(max(seconds, 0)) seconds"
        case ..<7200: "\(seconds / 60) minutes"
        case ..<172_800: "\(seconds / 3600) hours"
        default: "\(seconds / 86_400) days"
        }
    }

    /// Minutes and seconds: `4:59`.
    static func clock(_ seconds: Int64) -> String {
        let left = max(seconds, 0)
        return "\(left / 60):" + (left % 60 < 10 ? "0" : "") + "\(left % 60)"
    }

    /// What became of a logout.
    static func loggedOut(_ grant: Grant, _ outcome: SignOut.Outcome) -> String {
        let service = "logged out of \(printable(grant.service))"
        let tokens =
            switch outcome.tokens {
            case .revoked: ", the server has revoked the tokens"
            case .notOffered(let page):
                "; the server offers no revocation, so its tokens live until they expire"
                    + (page.map { ", or until you revoke them at " + printable($0) } ?? "")
            case .notConfirmed(let error):
                "; the revocation is not confirmed (\(Report(error).message)), so the tokens may live on"
            }
        let registration =
            switch outcome.registration {
            case .stays, .forgotten: ""
            case .notConfirmed(let error): "; the server may keep the registration (\(Report(error).message))"
            }
        return service + tokens + registration
    }

    /// What `keyfob logout --all` forgets besides.
    static func forgotClient(_ registration: ClientRegistration) -> String {
        "forgot the client \(printable(registration.client.id)) at \(printable(registration.issuer)), and its secret; "
            + "its registration there is yours to end"
    }

    /// One line of `keyfob status`.
    static func status(_ entry: Status.Entry, now: Int64) -> String {
        var line = printable(entry.service)
        if let account = entry.account ?? entry.label { line += " as \(printable(account))" }
        line += "  by \(printable(entry.issuer))"
        if entry.endedAt != nil { return line + ", ended by the server: sign in again\n" }
        if let end = entry.accessTokenExpiresAt, end > now {
            line += ", access token for \(span(end - now))"
        } else {
            line += ", no access token in memory"
        }
        line += entry.refreshable ? ", refreshes by itself" : ", cannot refresh: sign in again when it ends"
        return line + "\n"
    }
}
