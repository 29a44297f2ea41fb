package import CredentialProtocol
import Glibc
package import KernelKeyring
import Secrets

/// The account that answers a question, and its access token, both in kernel memory.
package struct RememberedToken {
    package let account: String
    package let token: CachedAccessToken

    /// Nil where either of them is not there; and where each step is to be told, which is keyfob's to do. A few system calls:
    /// no D-Bus, no library, no network.
    package init?(for request: CredentialRequest) {
        guard !Environment.wantsTrace, let keyring = KernelKeyring.existing(),
            let account = Routes.first(of: request, { keyring.read($0)?.exposedText }),
            let payload = keyring.read(KeyNames.token(account: account)),
            let token = CachedAccessToken(payload: payload)
        else { return nil }
        (self.account, self.token) = (account, token)
    }

    /// The answer that keyfob itself would give to `get` with a token that is in kernel memory; nil where keyfob has to
    /// be asked.
    package static func answer(to request: CredentialRequest) -> CredentialResponse? {
        // Where the service says what was wrong with a token, the same token will not do. What a token is good for, kernel
        // memory does not say.
        guard AuthenticationChallenge.bearer(in: request.wwwauth)?.error == nil, request.scope.isEmpty,
            request.resource == nil
        else { return nil }
        guard let found = RememberedToken(for: request) else { return nil }
        let now = Int64(time(nil))
        let isFresh = request.minTTL.map { found.token.hasLife(Int64($0), at: now) } ?? found.token.isFresh(at: now)
        return isFresh ? found.response(to: request) : nil
    }

    private func response(to request: CredentialRequest) -> CredentialResponse {
        CredentialResponse(
            username: token.username ?? request.username ?? "oauth2", password: token.token,
            passwordExpiryUTC: token.expiresAt, authtype: "Bearer", state: ["keyfob:account=" + account])
    }
}
