import Addresses
import Console
import CredentialProtocol
import Desktop
import Forwarding
import KeyfobCore
import Processes
import Secrets

extension AgentPrograms {
    /// Runs the part of `keyfob forward` that the name of this process selects.
    ///
    /// - Returns: the exit status; nil if the name selects no such part.
    static func run(_ arguments: [String]) async -> Int32? {
        switch arguments.first ?? "" {
        case answering where arguments.count >= 3:
            await Main.serve(
                Exchange(AgentDialect.self, machine: arguments[2], onlyScopes: Array(arguments[3...])), [])
        case consenting: status(await consent(Array(arguments.dropFirst())))
        default: nil
        }
    }

    /// Asks the user, on the terminal of `keyfob forward` or by a notification, whether another machine may use a service.
    private static func consent(_ arguments: [String]) async -> Gate.Consent {
        guard let (name, wish) = wish(arguments) else { return .silence }
        let patience = Duration.seconds(60)
        if Terminal.isThere {
            let answer = try? await Terminal.answer(to: Messages.consent(name, wish), within: patience)
            return switch answer?.lowercased() {
            case "o", "once", "y", "yes": .once
            case "f", "forward": .forward
            case .none: .silence
            default: .no
            }
        }
        let notification = Notification(
            summary: Messages.consentSummary(name), body: Messages.consentBody(wish), accept: "Once",
            decline: "No", acceptMore: "For this forward",
            bodyWithoutActions: Messages.consentBody(wish) + " To allow it, run keyfob forward with --allow.")
        let answer = HeldSignals.hold { notification.askBlocking(within: patience) { HeldSignals.isCaught } }
        return switch answer {
        case .accepted: .once
        case .acceptedMore: .forward
        case .dismissed: .no
        case .unanswered, .shown, .unavailable: .silence
        }
    }
}

extension Messages {
    /// The question on the terminal.
    static func consent(_ name: String, _ wish: Wish) -> String {
        "keyfob: \(printable(name)) asks for a token of \(whole(wish.service.description))\(details(of: wish))\n"
            + "allow it? (o)nce, for this (f)orward, (N)o: "
    }

    /// What `keyfob forward --install` is about to do.
    static func installation(_ name: String, _ door: String) -> String {
        "copies \(whole(door)) to \(printable(name)) as ~/.local/bin/keyfob, with the link git-credential-keyfob beside it, "
            + "and adds the link to git's credential.helper there"
    }

    /// The title of a notification.
    static func consentSummary(_ name: String) -> String { "May \(printable(name)) use a token?" }

    /// A body has no URL: desktops make links of them.
    static func consentBody(_ wish: Wish) -> String {
        let service = wish.service.description
        let bare = String(service.dropFirst(wish.service.scheme.utf8.count + 3))
        return "It asks for \(whole(bare))\(details(of: wish))."
    }

    private static func details(of wish: Wish) -> String {
        (wish.username.map { " as " + printable($0) } ?? "")
            + (wish.scopes.isEmpty ? "" : ", with the scopes " + printable(wish.scopes.joined(separator: " ")))
            + (wish.resource.map { ", for " + printable($0) } ?? "")
    }
}
