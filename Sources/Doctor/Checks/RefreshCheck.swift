import Console
import KeyfobCore

/// The server accepts the refresh token. This check uses it.
struct RefreshCheck: Check {
    let id = "refresh"
    let needs = ["grant", "store", "runtime-directory"]
    let follows = ["token", "writable"]
    /// A cancelled refresh may lose the server's response, so it gets the time to end by itself.
    let limit = Duration.seconds(110)
    let condition = CheckCondition.refresh

    func look(_ context: CheckContext) async throws -> Finding {
        // A new refresh token could not be stored.
        if context.notes.read({ $0.keyringRefuses }) {
            return .skipped(because: "writable", "not checked, because writable failed")
        }
        guard var account = context.notes.read({ $0.account }), let grant = context.notes.read({ $0.grant }) else {
            return .nothingToCheck
        }
        guard grant.refreshToken != nil else { return .ok("there is no refresh token to try") }
        account.name = grant.accountName
        guard let end = try await context.parts.refresh(account) else { return .ok("works") }
        return .ok(
            "works; the new access token lasts \(Messages.span(end - context.now))", ["expires_at": .number(end)])
    }
}
