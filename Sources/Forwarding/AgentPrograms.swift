import Addresses
import Secrets

/// The programs behind `keyfob forward`, by the names under which one process starts another.
package enum AgentPrograms {
    /// The agent: a small static program in the directory of `keyfob-main`.
    package static let agent = "keyfob-agent"
    /// The name under which `keyfob-main` answers one question: operation and the name of the forward.
    package static let answering = "keyfob-agent-answer"
    /// The name under which `keyfob-main` asks the user.
    package static let consenting = "keyfob-agent-consent"

    /// The arguments with which `keyfob-main` asks the user about a wish.
    static func asking(_ name: String, _ wish: Wish) -> [String] {
        [consenting, name, wish.service.description, wish.username ?? "", wish.resource ?? ""] + wish.scopes
    }

    /// The wish in the arguments after the program's name, and the name of the forward.
    package static func wish(_ arguments: [String]) -> (name: String, wish: Wish)? {
        guard arguments.count >= 4, let allowance = Allowance(arguments[1]) else { return nil }
        let wish = Wish(
            service: allowance.service, username: arguments[2].isEmpty ? nil : arguments[2],
            scopes: Array(arguments[4...]), resource: arguments[3].isEmpty ? nil : arguments[3])
        return (arguments[0], wish)
    }

    /// The exit status for the user's answer.
    package static func status(_ consent: Gate.Consent) -> Int32 {
        switch consent {
        case .once: 20
        case .forward: 21
        case .no: 22
        case .silence: 23
        }
    }

    /// The user's answer. Every other exit status, as of a program that failed, is no answer.
    static func consent(_ status: Int32) -> Gate.Consent {
        Gate.Consent.allCases.first { Self.status($0) == status } ?? .silence
    }
}
