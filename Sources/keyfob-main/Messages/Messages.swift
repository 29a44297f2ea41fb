import Addresses
import Console
import CredentialProtocol
import KeyfobCore
import OAuth
import SecretService

/// Messages of commands.
extension Messages {
    /// The result of a logout.
    static func loggedOut(_ grant: Grant, _ outcome: SignOut.Outcome) -> String {
        let name = (grant.label ?? grant.accountName).map { " as " + printable($0) } ?? ""
        let service = "logged out of \(printable(grant.service))\(name)"
        let tokens =
            switch outcome.tokens {
            case .revoked: ", the server has revoked the tokens"
            case .nothingLeft(byServer: true): "; nothing was left to revoke, because the server had ended the sign-in"
            case .nothingLeft(byServer: false): "; no token was left here to revoke"
            case .notOffered(let page):
                "; the server cannot revoke tokens, so they stay valid until they expire"
                    + (page.map { ", or until you revoke them at " + printable($0) } ?? "")
            case .notConfirmed(let error):
                "; the revocation is not confirmed (\(Report(error).message)), so the tokens may still be valid"
            }
        let registration =
            switch outcome.registration {
            case .stays, .forgotten: ""
            case .notConfirmed(let error): "; the server may still have the registration (\(Report(error).message))"
            }
        return service + tokens + registration
    }

    /// The line while the user waits for the keyring.
    static func waiting(for notice: KeyringNotice) -> String {
        switch notice {
        case .starting: "waiting for the keyring to start"
        case .asks(let program): "waiting for your answer to \(program.name ?? "the keyring"), in its window"
        }
    }

    /// The question of `keyfob logout` if it would end several sign-ins of one service.
    static func endsAll(_ names: [String], hasUnnamed: Bool, of service: String) -> String {
        "keyfob: you are signed in to \(printable(service)) \(people(names, hasUnnamed: hasUnnamed)); "
            + "log out of all? [y/N] "
    }

    /// The names of sign-ins, after "signed in".
    ///
    /// - Parameter hasUnnamed: whether there are also sign-ins without a name.
    static func people(_ names: [String], hasUnnamed: Bool) -> String {
        if names.isEmpty { return "without a name" }
        return "as " + printable(names.joined(separator: ", ")) + (hasUnnamed ? ", and without a name" : "")
    }

    /// The line of `keyfob logout` if there was no sign-in, but an approval.
    static func forgotApproval(_ service: ServiceURL) -> String {
        "nobody was signed in; keyfob has forgotten which server signs in for \(whole(service.description))"
    }

    /// The line for each client that `keyfob logout --all` also forgets.
    static func forgotClient(_ registration: ClientRegistration) -> String {
        "forgot the client \(printable(registration.client.id)) at \(printable(registration.issuer)), and its secret; "
            + "if you no longer need it, delete its registration there"
    }

    /// How long kernel memory keeps a sign-in.
    static func span(_ life: KernelItems.Lifetime) -> String {
        switch life {
        case .sinceLastUse(let seconds): "until a restart or \(span(Int64(seconds))) without use"
        case .untilRestart: "at most until a restart"
        }
    }

    /// - Parameter problem: why the keyring was not searched.
    static func unseen(_ problem: String) -> String {
        "sign-ins in a keyring were not searched: \(problem)"
    }

    /// A sign-in at a service that no file names.
    static func unused(_ service: String) -> String {
        let service = whole(service)
        return "no program can use the sign-in to \(service), because no file names its authorization server; "
            + "for the way back, run: keyfob login \(ShellWords.quoted(service))"
    }

    static func forgetApproval(in file: String) -> String {
        "to forget which server signs in there, delete its entry in \(whole(file))"
    }

    static let onlyMemory = "only kernel memory was searched, because there is no keyring here"

    /// Says that a setting has changed, because the user named kernel memory for one sign-in.
    static let memoryFromNowOn =
        "from now on, keyfob keeps sign-ins and passwords in kernel memory if there is no keyring (store = \"auto\")"

    /// The question of `keyfob login` if there is no Secret Service.
    static func offerOfMemory(_ life: KernelItems.Lifetime) -> String {
        "keyfob: no keyring here; keep sign-ins in the kernel's memory \(span(life))? [y/N] "
    }

    /// One line of `keyfob status`.
    static func status(_ entry: Status.Entry, now: Int64) -> String {
        var line = printable(entry.service)
        if let account = entry.account ?? entry.label { line += " as \(printable(account))" }
        line += "  by \(printable(entry.issuer))"
        if entry.endedAt != nil { return line + ", ended by the server: sign in again\n" }
        if let end = entry.accessTokenExpiresAt, end > now {
            line += ", access token for \(span(end - now))"
        } else if entry.hasEndlessToken {
            line += ", access token without an expiry"
            if !entry.refreshable { return line + "\n" }
        } else {
            line += ", no access token in memory"
        }
        line += entry.refreshable ? ", refreshes by itself" : ", cannot refresh: sign in again when it expires"
        if let life = entry.life { line += ", in memory " + span(life) }
        return line + "\n"
    }
}
