import CredentialProtocol
import Secrets

/// Access tokens with fewer scopes than a sign-in, in the memory of the agent.
///
/// Each of them costs a refresh, so callers that ask in a row get the same one. After ``longest`` they are forgotten: the
/// agent does not know whether the user has signed out meanwhile.
struct NarrowedTokens {
    private var tokens: [Wish: (answer: AgentAnswer, password: Secret, until: Int64)] = [:]

    /// In seconds.
    private static let longest: Int64 = 300
    private static let most = 64

    /// - Parameter now: seconds since 1970-01-01 UTC.
    func answer(to request: CredentialRequest, now: Int64) -> AgentAnswer? {
        guard Self.isPlain(request), let wish = Wish(request), let found = tokens[wish], now < found.until else {
            return nil
        }
        return found.answer
    }

    mutating func note(_ answer: AgentAnswer, to request: CredentialRequest, now: Int64) {
        guard Self.isPlain(request), let wish = Wish(request), case .credential(let response, _) = answer,
            response.isAccessToken, let expiry = response.passwordExpiryUTC,
            tokens[wish].map({ now >= $0.until }) ?? true
        else { return }
        if tokens.count >= Self.most { tokens = [:] }
        tokens[wish] = (answer, response.password, now + min(Self.longest, (expiry - now) / 2))
    }

    /// Forgets a token that a service has refused.
    mutating func forget(_ refused: Secret?) {
        guard let refused else { return }
        tokens = tokens.filter { $0.value.password != refused }
    }

    /// Whether any token will do: the caller has not come back with a refused one, and needs no certain lifetime.
    private static func isPlain(_ request: CredentialRequest) -> Bool {
        request.state.isEmpty && request.minTTL == nil
            && request.wwwauth.allSatisfy { challenge in
                AuthenticationChallenge.bearer(in: [challenge])?.error == nil
            }
    }
}
