import Addresses
import Console
import CredentialProtocol
import Glibc
import KernelKeyring
import KeyfobCore
import OAuth
import Processes

/// The messages of a sign-in.
extension Messages {
    /// Tells of git's settings that the user may have written for this sign-in.
    static func unused(_ settings: [String], at service: ServiceURL) -> String {
        "git's \(settings.joined(separator: ", ")) for \(service) do not count: git's settings count together, with "
            + "oauthClientId, oauthAuthURL and oauthTokenURL, and what you have approved or written for keyfob comes first; "
            + "the lines for \(HintedCommand.entry(service)) in the configuration are client_id and scopes"
    }

    /// The first line: the service and the authorization server.
    ///
    /// - Parameters:
    ///   - server: the host that the user's browser will show.
    ///   - tokenServer: the host that receives the code, if it is another one.
    static func beginning(_ account: Account, at server: String, tokensFrom tokenServer: String?) -> String {
        var line = "sign in to \(printable(account.service.description)) at \(printable(server))"
        if case .issuer(let issuer, _, _) = account.server, (try? EndpointURL(issuer))?.host != server {
            line += ", issuer \(printable(issuer))"
        }
        if let tokenServer { line += "; the code goes to \(printable(tokenServer))" }
        return line
    }

    /// The permissions that the server will ask the user for; nil if the server decides them.
    static func askedFor(_ account: Account) -> String? {
        account.scopes.isEmpty ? nil : "asks to: " + account.scopes.map(scope).joined(separator: ", ")
    }

    /// A service that names another origin as its authorization server.
    static func names(_ service: ServiceURL, _ issuer: String) -> String {
        "\(printable(service.description)) names \(printable(issuer)) as its authorization server"
    }

    /// A sign-in for less than the service claims.
    static func onlyThatPath(_ service: ServiceURL, of whole: ServiceURL) -> String {
        "this sign-in is only for \(printable(service.description)), because its metadata are not where those of "
            + "\(printable(whole.description)) would be; to sign in to all of that, run: \(login(whole))"
    }

    // Where to go. After a colon follows something to copy or type.

    static let ifNoBrowserOpens = "if no browser opens, go to:"
    static let orPaste = "or paste here the whole address of a page that cannot be shown"
    static let inAnyBrowser = "in any browser, go to:"
    static let pasteItsEnd = "it ends on a page that cannot be shown: paste the whole address of that page here"
    static let toComeBack = "to return automatically, run on the machine with your browser:"
    static let andThereGo = "and go there to:"
    static let inABrowserHere = "in a browser on this machine, go to:"
    static func goodFor(_ seconds: Int64) -> String { "the address is valid for \(span(seconds))" }

    /// What the server's page names if it is an error page, and how to try it.
    static func ifThePageIsAnError(_ account: Account, _ pending: PendingLogin) -> [String] {
        let scopes = pending.scopes.isEmpty ? "" : ", the scopes " + printable(pending.scopes.joined(separator: " "))
        return [
            "if the browser shows an error of \(printable(pending.authorizationServer)), it is about what keyfob sent: "
                + "the client id \(whole(pending.clientID)), the redirect URI \(whole(pending.redirectURI))"
                + scopes,
            "to try that without a browser, run: \(command("doctor", account.service))",
        ] + (account.asksForConsent ? withoutConsent(account.service, isAdded: account.addsOfflineAccess) : [])
    }

    /// The hint for a server that does not support `prompt=consent`.
    static func withoutConsent(_ service: ServiceURL, isAdded: Bool) -> [String] {
        [
            "if the server's page shows an error, it may not support prompt=consent, which goes with offline_access",
            isAdded
                ? "to sign in without it, set offline_access = false for [host.\"\(service)\"] in the configuration"
                : "to sign in without it, remove offline_access from scopes in the configuration",
        ]
    }

    /// Why no browser has opened yet.
    static func browser(failed failure: BrowserLauncher.Failure) -> String {
        switch failure {
        case .missing(let program): "$BROWSER names \(printable(program)), which is no program that you may start"
        case .cannotStart(let program): "\(printable(program)) cannot be started"
        case .ended(let program, let status?): "\(printable(program)) failed with status \(status)"
        case .ended(let program, nil): "\(printable(program)) was ended by a signal"
        }
    }

    static func onAnotherDevice(_ service: ServiceURL) -> String {
        "to sign in on another device, run: " + login("--flow device", service)
    }

    static let onAnyDevice = "on any device, go to:"
    static let andType = "and type the code:"
    static let orGoAndCompare = "or go to this address, and compare the code:"
    static let orScan = "or scan this with the device's camera, and compare the code"
    static let onlyIfItWasYou = "continue only if you started this sign-in"

    /// - Parameter problem: the message about an unexpected answer to a poll.
    static func asksAgain(_ problem: String) -> String { problem + "; keyfob asks again until the code expires" }

    static let forTheBrowser = "waiting for the browser"
    static let forTheDevice = "waiting for the other device"

    /// The line with the remaining time. The time comes first, so that it is visible on a narrow terminal.
    static func waiting(_ what: String, left: String) -> String { "\(left) left, \(what), Ctrl-C to give up" }

    /// The line of a process that waits for another one.
    static func waiting(for state: AccountLock.State, now: Int64) -> String {
        let line = "waiting for another keyfob process" + (state.holder.map { " (\($0))" } ?? "")
        guard state.activity == .asking else { return line + ", which is busy with this sign-in" }
        return line + ", which asked you \(span(now - state.since)) ago to sign in; finish that sign-in, "
            + "or end it there"
    }

    /// The result of a sign-in that another process began.
    static func declined(_ decline: AccountLock.Decline) -> String {
        switch decline {
        case .refused: "the sign-in was refused"
        case .unanswered: "nobody finished the sign-in in time"
        case .dismissed: "its notification was dismissed"
        }
    }

    /// The result of a sign-in: who is signed in, and until when.
    static func signedIn(_ service: ServiceURL, _ grant: Grant?, _ token: CachedAccessToken) -> String {
        let name =
            if let label = grant?.label {
                " as " + printable(label)
            } else if let name = grant?.accountName {
                " (kept under the name \(printable(name)); the server did not say who you are)"
            } else {
                ""
            }
        let end =
            if grant?.refreshToken != nil {
                "refreshes by itself"
            } else {
                token.expiresAt.map { "until " + clockTime($0) } ?? "until you log out"
            }
        return "signed in to \(printable(service.description))\(name), \(end)"
    }

    /// The local time, with the date if it is not today's.
    private static func clockTime(_ time: Int64) -> String {
        let isToday = localTime(time, "%F") == localTime(Int64(Glibc.time(nil)), "%F")
        return localTime(time, isToday ? "%R" : "%F %R")
    }

    /// Describes how a server uses other hosts than its own.
    static func would(_ hosts: OtherHosts) -> String {
        let pages =
            hosts.pages.isEmpty
            ? nil
            : "wants you to sign in at " + hosts.pages.map(host).joined(separator: ", ")
                + ", which receives what you enter there"
        let receivers =
            hosts.receivers.isEmpty
            ? nil : "wants codes and tokens to be sent to " + hosts.receivers.map(host).joined(separator: ", ")
        return [pages, receivers].compactMap { $0 }.joined(separator: ", and ")
    }

    /// A host for display. Its end shows the owner, so a long name is cut at the beginning.
    static func host(_ name: String) -> String {
        name.utf8.count <= 100
            ? printable(name) : "..." + printable(String(decoding: name.utf8.suffix(100), as: UTF8.self))
    }

    /// The question on the terminal before the browser opens.
    static func question(_ question: ServiceApproval.Question) -> String {
        let words =
            switch question {
            case .signIn(let service):
                "keyfob does not know \(service); find its authorization server and sign in there?"
            case .elsewhere(let service, let server): "\(service) sends you to \(printable(server)); sign in there?"
            case .nearby(let service, let server):
                "\(service) sends you to \(printable(server)), which is in a private network; sign in there?"
            case .otherHosts(let service, let server, let hosts):
                "\(printable(server)), to which \(service) sends you, \(would(hosts)); is that right?"
            case .registerAgain(_, let server):
                "did \(printable(server)) not know keyfob or its redirect URI? register again and retry?"
            }
        return words + " [y/N] "
    }
}
