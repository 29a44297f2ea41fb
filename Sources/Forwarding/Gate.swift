import Addresses
package import CredentialProtocol
import Secrets

/// Decides what questions of one forward get an answer, and what of an answer travels.
///
/// Only the listener says which machine asks. Nothing that a question says about its sender counts.
package struct Gate: Sendable {
    /// What happens with a question.
    package enum Decision: Sendable, Equatable {
        case refuse(Refusal)
        /// The user decides.
        case ask(Wish)
        /// The question may be asked on this machine, in this form.
        case pass(AgentQuestion)
    }

    /// Why a question gets no answer. The log has the value.
    package enum Refusal: String, Error, Sendable, CaseIterable {
        /// The question is not one of this protocol.
        case malformed
        /// The service is none of http or https, or its path can be read in more than one way.
        case notAService = "not_a_service"
        /// The service or the user is not on the list, and the user is not asked.
        case notAllowed = "not_allowed"
        case declined
        /// The user has not answered.
        case unanswered
        /// Another user has connected to the socket.
        case stranger
        /// There are too many connections or questions.
        case busy
        /// The question did not come in time, or its sender has gone.
        case tooLate = "too_late"
    }

    /// The user's answer to a wish.
    package enum Consent: String, Sendable, CaseIterable { case once, forward, no, silence }

    package private(set) var allowances: [Allowance]
    /// The hosts, each with its port if that is not the default one, of which stored passwords travel.
    private let passwordHosts: Set<String>
    /// The only scopes that access tokens may have; empty for no such limit.
    private let onlyScopes: [String]
    /// User names that are the same for all users of a service, and those in answers of this forward.
    private var names: Set<String>
    /// The values that callers send back: only those that this forward has given out say anything.
    private var states: [String] = []
    /// When tokens were given up in the last minute.
    private var erasures: [Int64] = []
    /// Wishes that the user has refused, until when they are refused again without a question.
    private var refused: [Wish: Int64] = [:]
    /// How many questions in a row the user has not agreed to, and until when nothing is asked.
    private var (refusals, silentUntil): (Int, Int64) = (0, 0)

    /// - Parameters:
    ///   - passwordHosts: as in `--passwords`.
    ///   - onlyScopes: as in `--scope`.
    ///   - names: user names that are the same for all users of a service.
    package init(
        _ allowances: [Allowance], passwordHosts: [String] = [], onlyScopes: [String] = [],
        namesOfAll names: Set<String> = []
    ) {
        (self.allowances, self.passwordHosts) = (allowances, Set(passwordHosts.map(\.asciiLowercased)))
        (self.names, self.onlyScopes) = (names, onlyScopes)
    }

    /// - Parameter now: seconds that never go back, from any start.
    package func decide(_ question: AgentQuestion, now: Int64) -> Decision {
        guard let wish = Wish(question.request) else { return .refuse(.notAService) }
        // An erase is about a token that the other machine has.
        if question.operation == .erase,
            question.request.credential?.isEmpty ?? question.request.password?.isEmpty ?? true
        {
            return .refuse(.malformed)
        }
        if isAllowed(wish) { return .pass(travelling(question)) }
        guard question.operation == .get, question.request.interaction != .never,
            wish.service.scheme == "https"
        else { return .refuse(.notAllowed) }
        if let end = refused[wish], now < end { return .refuse(.declined) }
        return now < silentUntil ? .refuse(.notAllowed) : .ask(wish)
    }

    /// Whether one more token may be given up now. Each costs a refresh here: a machine that gives up every token could make
    /// the server lock the user out.
    package mutating func takesErasure(now: Int64) -> Bool {
        erasures.removeAll { $0 <= now - 60 }
        guard erasures.count < Self.mostErasures else { return false }
        erasures.append(now)
        return true
    }

    private func isAllowed(_ wish: Wish) -> Bool { allowances.contains { $0.covers(wish, namesOfAll: names) } }

    /// Takes the user's answer down.
    ///
    /// - Returns: the refusal, if the answer is not a yes.
    package mutating func took(_ consent: Consent, to wish: Wish, now: Int64) -> Refusal? {
        switch consent {
        case .once, .forward:
            (refusals, silentUntil) = (0, 0)
            if consent == .forward { allowances.append(Allowance(wish)) }
            return nil
        case .no, .silence:
            // The other machine may ask for one thing after the other until the user gives in.
            refusals += 1
            if refusals >= Self.mostRefusals { silentUntil = now + Self.pause }
            if refused.count >= Self.mostRemembered { refused = [:] }
            refused[wish] = now + Self.pause
            return consent == .no ? .declined : .unanswered
        }
    }

    /// In a minute.
    private static let mostErasures = 10
    private static let mostRefusals = 3
    /// In seconds.
    private static let pause: Int64 = 600
    private static let mostRemembered = 256

    /// The only scopes that the token for a question may have: those of the command line, and those to which the user has
    /// said yes. Empty for no limit.
    package func limit(for request: CredentialRequest) -> [String] {
        guard !onlyScopes.isEmpty, let wish = Wish(request) else { return [] }
        return onlyScopes + wish.scopes.filter { !onlyScopes.holdsSame(as: $0) }
    }

    /// The question as this machine asks it: without the values of other answers, and without a choice whether the user of
    /// this machine must be asked.
    package func travelling(_ question: AgentQuestion) -> AgentQuestion {
        var question = question
        question.request.state = question.request.state.filter(states.holdsSame)
        if question.request.interaction == .always { question.request.interaction = nil }
        if question.operation == .get {
            question.request.password = nil
            question.request.credential = nil
        }
        question.request.oauthRefreshToken = nil
        return question
    }

    /// What of this machine's answer travels: an access token, or the password of a host on the list. Never a refresh
    /// token.
    package mutating func travelling(_ answer: AgentAnswer, to request: CredentialRequest) -> AgentAnswer {
        guard case .credential(var response, let service) = answer else { return answer }
        response.oauthRefreshToken = nil
        guard response.isAccessToken || mayHavePassword(request) else {
            return .refused(
                Report(
                    .noCredential, "there is only a stored password, which may not leave its machine",
                    hints: ["on the machine of \"keyfob forward\": add the option --passwords with the host"]))
        }
        note(response)
        return .credential(response, service: service)
    }

    private func mayHavePassword(_ request: CredentialRequest) -> Bool {
        guard let service = request.url else { return false }
        return passwordHosts.contains(String(service.origin.dropFirst(service.scheme.utf8.count + 3)))
    }

    /// A caller that comes back names the user and the values of the answer.
    private mutating func note(_ response: CredentialResponse) {
        if let name = response.username, names.count < Self.mostRemembered { names.insert(name) }
        states += response.state.filter { !states.holdsSame(as: $0) }
        if states.count > Self.mostRemembered { states.removeFirst(states.count - Self.mostRemembered) }
    }
}

extension Gate.Refusal {
    /// The answer for the caller on the other machine.
    package var report: Report {
        let hint = "on the machine of \"keyfob forward\", answer its question, or allow the service with --allow"
        return switch self {
        case .malformed: Report(.malformedRequest)
        case .notAService: Report(.unsupportedService, "the service cannot be used through keyfob forward")
        case .notAllowed, .declined, .unanswered: Report(.denied, message, hints: [hint])
        case .stranger: Report(.denied, message)
        case .busy, .tooLate: Report(.temporary, message, hints: ["try again later"])
        }
    }

    private var message: String {
        switch self {
        case .declined: "the user does not allow this service for this machine"
        case .unanswered: "the user has not answered whether this machine may use the service"
        case .busy: "the agent has too many questions"
        case .tooLate: "the question came too late"
        case .stranger: "another user listens here"
        case .malformed, .notAService, .notAllowed: "this machine may not use the service"
        }
    }
}
