import Console
import KernelKeyring
import KeyfobCore

/// An access token is in memory, or keyfob can get one without the user.
struct TokenCheck: Check {
    let id = "token"
    let needs = ["issuer"]
    let follows = ["grant"]
    let condition = CheckCondition.service

    func look(_ context: CheckContext) -> Finding {
        let (account, grant) = context.notes.read { ($0.account, $0.grant) }
        guard let id = grant?.account ?? account?.id else { return .nothingToCheck }
        return Self.finding(context.parts.tokenCache.token(account: id), grant, at: context.now)
    }

    /// - Parameter now: seconds since 1970-01-01 UTC.
    static func finding(_ token: CachedAccessToken?, _ grant: Grant?, at now: Int64) -> Finding {
        if let token {
            guard let end = token.expiresAt else { return .ok("in memory; the server did not say when it expires") }
            return .ok("in memory, for \(Messages.span(end - now))", ["expires_at": .number(end)])
        }
        guard let grant else { return .skipped(because: "grant", "none in memory") }
        if grant.refreshToken == nil, grant.accessToken == nil {
            return .failed(
                "none, and there is no refresh token", hints: ["run: keyfob login \(ShellWords.quoted(grant.service))"],
                exitStatus: 77)
        }
        return .ok("none in memory; the next request gets one")
    }
}
