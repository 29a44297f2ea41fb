import Addresses
import Console
import CredentialProtocol
import Glibc
import KeyfobCore

/// The user is signed in.
struct GrantCheck: Check {
    let id = "grant"
    let needs = ["issuer", "store"]
    let limit = Duration.seconds(4)
    let condition = CheckCondition.service

    func look(_ context: CheckContext) throws -> Finding {
        guard let account = context.notes.read({ $0.account }) else { return .nothingToCheck }
        let grants = context.parts.grants
        let names = try grants.all().flatMap { [$0.accountName, $0.label, $0.email].compactMap { $0 } }
        context.notes.note { $0.names.formUnion(names) }
        var grant = try grants.grant(account: account.id)
        if grant == nil {
            do {
                switch try grants.meaning(of: account) {
                case .account(let meant): grant = try grants.grant(account: meant.id)
                case .nobody(let reason): return signInNeeded(account, reason, context)
                }
            } catch let error as CredentialFailure {
                let report = context.parts.report(error)
                return .warning(report.message, hints: report.hints)
            }
        }
        guard let grant else { return signInNeeded(account, .noGrant, context) }
        if grant.endedAt != nil { return signInNeeded(account, .grantEnded, context) }
        context.notes.note { $0.grant = grant }
        return Self.finding(grant, at: context.now)
    }

    /// - Parameter now: seconds since 1970-01-01 UTC.
    static func finding(_ grant: Grant, at now: Int64) -> Finding {
        let summary = "signed in \(Messages.span(now - grant.grantedAt)) ago"
        let details: [String: Finding.Detail] = [
            "signed_in_at": .number(grant.grantedAt), "refreshable": .truth(grant.refreshToken != nil),
        ]
        if grant.refreshToken != nil { return .ok(summary + ", refreshes by itself", details) }
        if grant.accessToken != nil { return .ok(summary + ", with a token that does not expire", details) }
        return .warning(
            summary + ", without a refresh token: the sign-in ends with its access token",
            hints: !grant.mayLackOfflineAccess
                ? [] : ["to get one, add the scope that the server requires to scopes, often offline_access"], details)
    }

    /// The finding if the user is not signed in. During the cool-down of the desktop prompt, it says when that ends.
    private func signInNeeded(
        _ account: Account, _ reason: CredentialFailure.SignInReason, _ context: CheckContext
    ) -> Finding {
        var finding = context.failed(CredentialFailure.needsSignIn(account, because: reason))
        if let left = PromptCooldown.inKernelMemory(now: { Int64(time(nil)) }).left(account.id) {
            finding.hints.append("the desktop asked recently, and asks again in \(Messages.span(left))")
        }
        return finding
    }
}
