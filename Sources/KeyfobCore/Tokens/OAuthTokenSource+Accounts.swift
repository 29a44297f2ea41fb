import Addresses
import CredentialProtocol
import KernelKeyring
package import Secrets

extension OAuthTokenSource {
    /// The account to sign in to: the one that is signed in, if `account` means it.
    ///
    /// A user who signs in by name means that user. So a sign-in that does not say whose it is does not count.
    package func signedIn(_ account: Account) -> Account {
        var account = account
        if account.nameSource == .url { account.nameSource = .user }
        guard (try? grants.grant(account: account.id)) == nil,
            case .account(let meant)? = try? grants.meaning(of: account)
        else { return account }
        return meant
    }
}

/// Which sign-in a request means, if there is none under exactly the name that it has.
extension GrantStore {
    /// The sign-in that is meant, or why there is none.
    package enum Meaning {
        case account(Account)
        case nobody(CredentialFailure.SignInReason)
    }

    /// The sign-in that `account` means, which has none of its own.
    ///
    /// - Without a name, the only one that has a name.
    /// - With a name, the one that answers to it; if there are several of one user, the newest.
    /// - With a user name from a URL, also the only one, unless it has a name of its own.
    /// - With an organisation's name, the same as without a name.
    ///
    /// Another account never answers for a named user.
    ///
    /// - Throws: ``CredentialFailure/whichAccount(service:names:)`` if there are several of them, of several users.
    package func meaning(of account: Account) throws -> Meaning {
        if account.nameSource == .urlOfOrganisation { return .account(account.named(nil)) }
        let all = try signIns(like: account)
        guard let name = account.name else {
            let named = all.filter { $0.account.name != nil }
            guard named.count > 1 else { return named.first.map { .account($0.account) } ?? .nobody(.noGrant) }
            throw CredentialFailure.whichAccount(
                service: account.service, names: named.compactMap(\.account.name).sorted())
        }
        let same = Grant.answering(to: name, among: all.map(\.grant))
        if let meant = Grant.newest(ofOneUser: same) {
            var account = account.named(meant.accountName)
            // A new sign-in has to be this user's, too.
            account.person = name
            return .account(account)
        }
        guard same.isEmpty else {
            throw CredentialFailure.whichAccount(
                service: account.service, names: same.compactMap { $0.accountName ?? $0.label }.sorted())
        }
        let names = all.compactMap { $0.grant.label ?? $0.account.name }
        if account.nameSource == .url, all.count == 1, names.isEmpty { return .account(all[0].account) }
        return .nobody(
            all.isEmpty
                ? .noGrant
                : .otherUser(named: name, signedIn: names.sortedOnce, hasUnnamed: names.count < all.count))
    }

    /// The account whose token the service has refused, by the request: git then names the user of keyfob's answer, and not
    /// the user of its first question.
    func refused(by request: CredentialRequest, like account: Account) throws -> Account {
        guard let state = TokenState(refusedIn: request), state.account != account.id else { return account }
        return try signIns(like: account).first { $0.account.id == state.account }?.account ?? account
    }

    /// The sign-ins that differ from `account` only in the account name.
    fileprivate func signIns(like account: Account) throws -> [(account: Account, grant: Grant)] {
        try all().compactMap { grant in
            let other = account.named(grant.accountName)
            return other.id == grant.account ? (other, grant) : nil
        }
    }
}

extension OAuthTokenSource {
    package func discard(_ refused: Secret?, of account: Account) async throws -> Bool {
        if try discard(refused, ofExactly: account) { return true }
        // Without a name of its own, the token may be that of any of these.
        guard refused != nil else { return false }
        return try grants.signIns(like: account).contains { try discard(refused, ofExactly: $0.account) }
    }

    func discard(_ refused: Secret?, ofExactly account: Account) throws -> Bool {
        let cached = tokens.cache.token(account: account.id)
        if let refused, let cached, cached.token != refused { return false }
        tokens.cache.remove(account: account.id)
        guard let grant = try grants.grant(account: account.id), let token = grant.accessToken else {
            return refused != nil && cached != nil
        }
        // This grant has no refresh token: without the access token it is worth nothing.
        guard refused == nil || token == refused else { return cached != nil }
        try grants.remove(grant)
        return true
    }
}

extension Account {
    /// The account at the same service with another name.
    fileprivate func named(_ name: String?) -> Account {
        var account = self
        (account.name, account.nameSource) = (name, .user)
        return account
    }
}
