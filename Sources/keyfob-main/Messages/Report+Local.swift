import Addresses
import Console
import CredentialProtocol
import Dialects
import Files
import Glibc
import KeyfobCore
import OAuth
import SecretService
import Secrets

extension Report {
    init(configuration error: ConfigurationError) {
        let place = Messages.whole(error.file) + (error.line.map { ":\($0)" } ?? "")
        let key = error.key.map { Messages.address($0) + ": " } ?? ""
        self.init("\(place): \(key)\(Self.words(value: error))", status: 78)
        hints = Self.mend(error)
    }

    /// What is wrong with a value in the configuration.
    static func words(value error: ConfigurationError) -> String {
        switch error.problem {
        case .unreadable(let code): FileError.text(of: code)
        case .unwritable(let code): "cannot be written: " + FileError.text(of: code)
        case .syntax(let words): Messages.printable(words)
        case .unknownKey: "unknown key"
        case .wrongType(let expected): "must be \(expected)"
        case .notAllowed(let value, let allowed):
            "\"\(Messages.address(value))\" is not one of " + allowed.joined(separator: ", ")
        case .badURL(let value) where Self.isAmbiguous(value):
            "\"\(Messages.address(value))\" has a path that can be read in more than one way"
        case .badURL(let value): Self.words(badURL: value, error)
        case .twice(let service, let line):
            "\(Messages.printable(service)) has another entry in "
                + (line.map { "line \($0)" } ?? "this file")
        case .doubled(true, let line): "line \(line) has this table already"
        case .doubled(false, let line): "line \(line) has this key already"
        case .secret: "keyfob keeps secrets in the keyring, and reads none from a file"
        case .incomplete(let missing): "\(missing) is missing"
        case .notAFile, .notSet, .ofAnotherUser, .writableByOthers, .full, .entryTooLarge, .gitTimedOut, .gitFailed:
            Self.words(place: error.problem)
        }
    }

    private static func words(badURL value: String, _ error: ConfigurationError) -> String {
        switch MeantLine.valueName(in: error) {
        case "redirect_uri", "oauthRedirectURL", "oauthRedirectUri":
            "\"\(Messages.address(value))\" is not an http URL of 127.0.0.1, localhost or [::1] without a query"
        case "client_metadata_document":
            "\"\(Messages.address(value))\" is not an https URL with a path and without a query"
        case nil: Messages.whyNot(MeantLine.service(at: error) ?? value, isService: true)
        default: Messages.whyNot(value, isService: false)
        }
    }

    private static func isAmbiguous(_ url: String) -> Bool {
        do {
            _ = try ServiceURL(url)
            return false
        } catch {
            return error == .ambiguousPath
        }
    }

    init(secretService error: SecretServiceError) {
        switch error {
        case .noBus(let reason):
            self.init(
                "there is no session bus: \(Messages.printable(reason))",
                hint: "log in to a desktop or install dbus-user-session; over ssh, check DBUS_SESSION_BUS_ADDRESS",
                status: 69)
            hints.append(Self.memoryHint)
        case .busRefused(let reason):
            self.init(
                "the session bus refuses the connection: \(Messages.printable(reason))",
                hint: "try again; if this does not end, log in to the desktop anew", status: 69)
        case .noLibrary:
            self.init(
                "libsecret is not installed", hint: "install it, for example: apt install libsecret-1-0", status: 69)
            hints.append(Self.memoryHint)
        case .noProvider:
            self.init(
                "no program on the session bus provides a keyring",
                hint: "install and start gnome-keyring, KWallet, KeePassXC or oo7", status: 69)
            hints.append(Self.memoryHint)
        case .locked:
            self.init("the keyring is locked", hint: "unlock it, or log in to the desktop, and try again", status: 69)
        case .promptDismissed:
            self.init(
                "the keyring is still locked: its prompt was dismissed or could not be shown",
                hint: "unlock it, or log in to the desktop, and try again", status: 69)
        case .promptUnanswered(let seconds):
            self.init(
                "the keyring is still locked: nobody answered its prompt within \(seconds) seconds",
                hint: "unlock it, and try again", status: 69)
        case .notAskedAgain(let seconds):
            self.init(
                "the keyring is locked, and keyfob asks again in \(Messages.span(seconds))",
                hint: "unlock it, or log in to the desktop, and try again", status: 69)
        case .noCollection(let program):
            self.init(
                "\(program.name ?? "the Secret Service") has no default keyring", hint: Self.making(program), status: 69
            )
        case .starting(let seconds):
            self.init("the keyring has been starting for \(seconds) seconds", hint: "try again", status: 69)
        case .timedOut(let seconds):
            self.init("the Secret Service did not answer within \(seconds) seconds", status: 69)
        case .noKernelMemory(EINVAL):
            self.init(
                "the kernel takes no key of that length",
                hint: "store it in a keyring, or make it shorter", status: 69)
        case .noKernelMemory(let code):
            self.init(
                "the kernel keeps no keys for this process: \(FileError.text(of: code))",
                hint: "in a container, allow the system calls add_key and keyctl, or start a keyring in it", status: 69)
        case .kernelMemoryFull:
            self.init(
                "the kernel has no room for more keys of this user",
                hint: "end a sign-in, or let root run: sysctl -w kernel.keys.maxkeys=2000 kernel.keys.maxbytes=2000000",
                status: 69)
        case .failed(let words):
            self.init(
                "the Secret Service failed: \(Messages.printable(words))",
                hint: "the disk of the keyring may be full or read-only: make room on it, then try again", status: 69)
            hints.append(Self.memoryInstead)
        }
    }

    /// How a user makes the default keyring.
    private static func making(_ program: KeyringProgram) -> String {
        switch program {
        case .gnomeKeyring: "create one, for example in Passwords and Keys"
        case .kwallet: "log in again, or create a wallet in KDE Wallet Manager"
        case .keepassxc:
            "open a database, and choose its group in Database, Database Settings, Secret Service Integration"
        case .other: "create one in the program that provides the keyring"
        }
    }

    /// The hint if the command named a service.
    static let memoryHint =
        withoutKeyring + "to keep sign-ins in the kernel's memory, run: keyfob login --store memory URL"

    /// The same if there is a keyring that does not work.
    static let memoryInstead =
        withoutKeyring + "a sign-in can also be kept in the kernel's memory: keyfob login --store memory URL"

    static let withoutKeyring = "without a keyring, "

    /// The hint if it named none.
    static var memorySetting: String {
        let path = Environment.configurationFiles.first
        let file = path.map { " of " + Messages.printable($0) } ?? ""
        let place =
            path.map(Paths.exists) == false ? "into" + file.dropFirst(3) : "above the first [host.\"...\"]\(file)"
        return withoutKeyring
            + "to keep sign-ins and passwords in the kernel's memory, write store = \"auto\" \(place)"
    }

    init(lock error: AccountLock.Failure) {
        switch error {
        case .unusable(let path, let code):
            self.init(
                "cannot lock \(Messages.printable(path)): \(FileError.text(of: code))",
                hint: (code == EACCES ? Self.makeYours(onTheWayTo: path) : nil) ?? Self.giveRoom(code)
                    ?? "it must be your own directory, with mode 0700", status: 75)
        case .foreign(let path, let owner):
            self.init(
                "cannot lock \(Messages.printable(path)): it belongs to \(Self.name(ofUser: owner))",
                hint: owner == 0
                    ? "root created it in your session, by running keyfob there; remove it: sudo rm -r -- "
                        + ShellWords.quoted(path)
                    : Self.asAnotherUser ?? "it must be your own directory, with mode 0700", status: 75)
        case .timedOut(let seconds, let holder):
            self.init(
                "\(Self.name(ofHolder: holder)) has been busy for \(seconds) seconds",
                hint: holder.map(Self.endingHolder), status: 75)
        case .abandoned: self.init("the program that asked has ended", status: 77)
        case .personIsAsked: self.init("another keyfob process is asking you to sign in", status: 77)
        case .personDeclined(let decline): self.init(Messages.declined(decline), status: 77)
        case .holderFailed: self.init("another keyfob process got no token", hint: Self.nothingDeleted, status: 75)
        }
    }

    private static func name(ofHolder process: Int32?) -> String {
        "another keyfob process" + (process.map { " (\($0))" } ?? "")
    }

    private static func endingHolder(_ process: Int32) -> String {
        "finish its sign-in, or end it: kill \(process)"
    }

    init(credential error: CredentialFailure) {
        switch error {
        case .signInNeeded(let service, let account, let reason):
            self.init(
                "sign-in needed for \(service)\(Self.because(reason))",
                hint: "run: \(Messages.login(Self.options(reason, account), service))", status: 77)
            if case .otherUser(let name, _, _) = reason {
                hints.append("or leave \(Messages.printable(name)) out, if that is not the name of a user")
            }
            if case .refreshRefused(let error) = reason, error.refusesClient {
                hints.append(
                    "if that happens after each sign-in, register a client at the server yourself, then run: "
                        + Messages.login("--client-id ID --client-secret", service))
            }
            if case .resourceRefused = reason {
                hints = [
                    "set resource = false for \(HintedCommand.entry(service)) in the configuration; the server then chooses "
                        + "what the token is for",
                    "then \(hints[0])", "without that line, each sign-in is for one access token",
                ]
            }
            if case .noRefreshToken(let scopes, false) = reason, scopes.holdsSame(as: "offline_access"),
                !scopes.holdsSame(as: "openid")
            {
                hints.append(
                    "some servers give one only beside the scope openid: " + Messages.login("--scope openid", service))
            }
            if case .noRefreshToken(_, true) = reason {
                hints.append(
                    "to get a refresh token, ask for the scope that the server requires for it, often: "
                        + Messages.login("--scope offline_access", service))
            }
        case .refreshFailed(let service, let account, let error):
            let report = Report(oauth: error)
            self.init(
                report.message,
                hint: "if this does not end: \(Messages.login(Self.options(nil, account), service))",
                status: report.status)
            hints = report.hints + hints
        case .holderFailed(let service, let account):
            self.init(
                "another keyfob process, for which this one waited, got no token for \(service)",
                hint: Self.nothingDeleted, status: 75)
            hints.append("if this does not end: \(Messages.login(Self.options(nil, account), service))")
        case .notNow(let service, let silence):
            self.init(
                "sign-in needed for \(service): \(Self.because(silence))", hint: "run: \(Messages.login(service))",
                status: 77)
        case .signInRefused(let service, let words):
            self.init(
                "the sign-in to \(service) was refused" + (words.map(Self.says) ?? ""),
                hint: "to try again: \(Messages.login("--force", service))",
                status: 77)
        case .declinedElsewhere(let service, let account, let decline):
            self.init(
                "another keyfob process asked you to sign in to \(service), and \(Messages.declined(decline))",
                hint: "run: \(Messages.login(Self.options(nil, account), service))", status: 77)
        case .codeSpent(let service, let account, let error, let hasSecret):
            self.init(
                "the sign-in to \(service) did not end: " + Report(oauth: error).message,
                hint: "its code cannot be used again; sign in again: "
                    + Messages.login(Self.options(nil, account), service), status: 77)
            if hasSecret { hints.append(Self.otherForm(HintedCommand.entry(service))) }
        case .anotherAccount(let service, let asked, let given):
            self.init(
                "the sign-in was for \(Messages.printable(asked)), but you signed in as \(Messages.printable(given))",
                hint:
                    "to sign in as \(Messages.whole(asked)), sign out on the server's page in your browser, then run: "
                    + Messages.login(ShellWords.option("--account", Messages.whole(asked)), service),
                status: 77)
            hints.append(
                "to sign in as \(Messages.whole(given)), run: "
                    + Messages.login(ShellWords.option("--account", Messages.whole(given)), service))
        case .busy(let service, let seconds, let holder):
            self.init(
                "\(Self.name(ofHolder: holder)) has been busy with \(service) for \(seconds) seconds",
                hint: holder.map(Self.endingHolder), status: 75)
        case .notConfigured(let service):
            self.init(
                "\(service) names no authorization server, and none is configured for it",
                hint: Self.configure(service), status: 78)
            hints.append(
                "if it wants a user name and a password, keyfob stores them when git asks for them; to type them in, run: "
                    + "keyfob store; it reads the lines url=\(service), username=..., password=... and an empty one"
            )
        case .serverNotFound(let service, let error):
            let report = Report(oauth: error)
            self.init(report.message, status: report.status)
            hints = report.hints + [Self.lasting(Self.configure(service)), "then run: \(Messages.login(service))"]
        case .registrationNotSaved(let service, let issuer, let id, let isDeleted, let error):
            let report = Report(secretService: error)
            self.init(
                "the registration of keyfob at \(Messages.printable(issuer)) could not be stored: \(report.message)",
                status: report.status)
            hints =
                report.hints + [
                    isDeleted
                        ? "the server has deleted the registration again"
                        : "the server still has the client \(Messages.printable(id)); you can delete it there",
                    "then run: \(Messages.login(service))",
                ]
        case .notAService(let url):
            self.init(Messages.whyNot(url, isService: true), hint: Messages.writeIt(for: url), status: 64)
        case .issuerChanged(let service, let from, let to):
            self.init(
                "\(service) now names \(Messages.printable(to)) as its authorization server, not "
                    + "\(Messages.printable(from))",
                hint: "if that is right: \(Messages.command("logout", service)), then \(Messages.login(service))",
                status: 77)
        case .foreignHosts(let service, let account, let issuer, let hosts):
            let option = account.map { " " + ShellWords.option("--account", $0) } ?? ""
            self.init(
                "\(Messages.printable(issuer)), the authorization server of \(service), \(Messages.would(hosts))",
                hint: "if that is right, answer y in a terminal to: \(Messages.login("--force" + option, service))",
                status: 77)
        case .clientNeeded(let needed): self.init(clientNeeded: needed)
        case .notNarrowed(let service, let scopes):
            self.init(
                "\(service) gives no token with only the scopes \(Messages.printable(scopes.joined(separator: " ")))",
                status: 77)
        case .scopesNotGranted(let service, let scopes):
            self.init(
                "\(service) did not grant " + Messages.printable(scopes.joined(separator: ", ")),
                hint: "to ask again: "
                    + Messages.login(
                        "--force" + scopes.map { " --scope " + ShellWords.quoted(Messages.whole($0)) }.joined(),
                        service),
                status: 77)
        case .unansweredConsent(let service, let error, let isAdded):
            let report = Report(oauth: error)
            self.init(report.message, status: report.status)
            hints = report.hints + Messages.withoutConsent(service, isAdded: isAdded)
        case .unanswered(let service, let error):
            let report = Report(oauth: error)
            self.init(
                report.message,
                hint: "if the server did not know keyfob or its redirect URI: \(Messages.login("--register", service))",
                status: report.status)
            hints = report.hints + hints
        case .clientRefused(let service, let id, let error, let hasSecret):
            let report = Report(oauth: error)
            self.init(
                "the server does not accept the client \(Messages.printable(id)): \(report.message)",
                status: report.status)
            hints = report.hints
            guard !hasSecret else { break }
            hints.removeAll { $0.isSame(as: Self.otherForm(HintedCommand.entry)) }
            let client = ShellWords.option("--client-id", Messages.whole(id))
            hints.insert(
                "if the server has given it a secret, run: " + Messages.login(client + " --client-secret", service),
                at: 0)
        case .scopesNeeded(let service, let scopes, let error):
            let report = Report(oauth: error)
            let options = scopes.map { ShellWords.option("--scope", Messages.whole($0)) }
            self.init(
                "\(report.message); keyfob asked for no scopes, because none are configured",
                hint: "ask for those that you need of the ones that the server lists: "
                    + Messages.login((["--force"] + options).joined(separator: " "), service), status: report.status)
        case .registrationRefused(let service, let error, let hasSecret):
            let report = Report(oauth: error)
            self.init(
                "the server does not accept the client as which it registered keyfob: \(report.message)",
                hint: "register a client there yourself with the redirect URI "
                    + "\(RedirectTemplate.loopback.uri(port: nil)), then run: "
                    + Messages.login("--client-id ID --client-secret", service), status: report.status)
            if hasSecret { hints.append(Self.otherForm(HintedCommand.entry(service))) }
            hints.append("or, if the server has changed since, run: \(Messages.login("--register", service))")
        case .metadataUnusable(let service, let lines, let error):
            let report = Report(oauth: error)
            self.init(report.message, status: report.status)
            hints =
                report.hints + [
                    "if you trust the server, to sign in without that, "
                        + Self.write(lines.map(Messages.whole), into: HintedCommand.entry(service)),
                    "then run: \(Messages.login(service))",
                ]
        case .clientIsConfigured(let service, let id):
            self.init(
                "the client for \(service), \(Messages.printable(id)), was not registered by keyfob",
                hint: "check its registration at the server, or remove client_id from the configuration", status: 78)
        case .otherClient(let service, let id, let wanted, let file, let line):
            let place = file.map { Messages.whole($0) + (line.map { ":\($0)" } ?? "") }
            let (id, wanted) = (Messages.whole(id), Messages.whole(wanted))
            self.init(
                "\(place ?? "git's settings"): the client is \(id), so no program would use a sign-in as \(wanted)",
                hint: place == nil
                    ? "run: git config --global credential.\(service.origin).oauthClientId \(ShellWords.quoted(wanted))"
                    : "write there: client_id = \"\(wanted)\"", status: 78)
            hints.append("then run the same command again")
        case .whichAccount(let service, let names):
            self.init(
                "you are signed in to \(service) with several accounts: "
                    + Messages.printable(names.joined(separator: ", ")),
                hint: names.first.map {
                    "choose one with --account, or in the URL: "
                        + service.description.replacing(
                            "://", with: "://\(Messages.whole($0))@", maxReplacements: 1)
                }, status: 77)
        case .noAccountAndNoKeyring(let error): self.init(secretService: error)
        case .grantNotSaved(let service, let error):
            self.init("the new refresh token for \(service) could not be saved", status: 69)
            if let error {
                message += ": " + Report(secretService: error).message
                hints += Report(secretService: error).hints
            }
            hints.append("\(hints.isEmpty ? "" : "then ")sign in again: \(Messages.login(service))")
        }
    }

    /// The hint for a failure that may be temporary, if it is not.
    static func lasting(_ hint: String) -> String {
        "if this does not end, " + (hint.begins(with: "if ") ? "and " + hint.dropFirst(3) : hint)
    }

    /// The lines to write for a service that names no authorization server.
    static func configure(_ service: ServiceURL) -> String {
        let file = Environment.configurationFiles.first.map { "into " + Messages.whole($0) } ?? "there"
        return "if you know its authorization server, write \(file): [host.\"\(service.origin)\"], and in the next "
            + "line issuer = \"https://...\" with its address"
    }

    /// The options with which a sign-in is the one that is needed.
    private static func options(_ reason: CredentialFailure.SignInReason?, _ account: String?) -> String {
        var words = account.map { [ShellWords.option("--account", Messages.whole($0))] } ?? []
        switch reason {
        case .scopesMissing(let scopes):
            words += scopes.map { ShellWords.option("--scope", Messages.whole($0)) }
        case .stepUp: words.append("--force")
        default: break
        }
        return words.joined(separator: " ")
    }

    private static func because(_ silence: DesktopPrompt.Silence) -> String {
        let nextTime = "you are not asked again for \(Messages.span(PromptCooldown.length))"
        return switch silence {
        case .dismissed: "the notification was dismissed, and " + nextTime
        case .unanswered: "nobody answered the notification, and " + nextTime
        case .told: "a notification told you, but you cannot answer it; " + nextTime
        case .quiet(let seconds):
            "a notification asked you a while ago; the next one can come in \(Messages.span(seconds))"
        }
    }

    private static func because(_ reason: CredentialFailure.SignInReason) -> String {
        switch reason {
        case .noGrant: ""
        case .otherUser(let name, let names, let hasUnnamed):
            ": you are signed in \(Messages.people(names, hasUnnamed: hasUnnamed)), not as \(Messages.printable(name))"
        case .scopesMissing(let scopes):
            ": your sign-in lacks these scopes: " + Messages.printable(scopes.joined(separator: ", "))
        case .stepUp: ": the service requires a stronger or more recent sign-in"
        case .grantEnded: ": the server no longer accepts the refresh token"
        case .refreshRefused(let error): ": the refresh was refused: " + Report(oauth: error).message
        case .clientForgotten:
            ": the server did not accept the client as which it registered keyfob; a sign-in registers keyfob again"
        case .resourceRefused(let resource):
            ": the server refreshes no token for the resource \(Messages.printable(resource))"
        case .noRefreshToken: ": the access token has expired, and the server issued no refresh token"
        case .answerLost:
            ": the answer to the last refresh was lost, and the server no longer accepts the old refresh token"
        case .grantRefused(let description):
            ": the server no longer accepts the refresh token"
                + (description.map { " (it says: \"\(Messages.printable($0))\")" } ?? "")
        }
    }
}
