package import CredentialProtocol
import Files
import Glibc
package import KernelKeyring
import Secrets

/// The account that answers a question, and its access token, both from kernel memory.
package struct RememberedToken {
    package let account: String
    package let token: CachedAccessToken

    /// Returns nil if the route or the token is missing, if tracing is on (only `keyfob-main` traces), or if a variable
    /// has a value that `keyfob-main` refuses. Takes a few system calls: no D-Bus, no library, no network.
    package init?(for request: CredentialRequest) {
        guard let keyring = Self.keyring,
            let account = Routes.first(of: request, { keyring.read($0)?.exposedText }),
            let payload = keyring.read(KeyNames.token(account: account)),
            let token = CachedAccessToken(payload: payload)
        else { return nil }
        (self.account, self.token) = (account, token)
    }

    /// The keyring in kernel memory, if a door may answer from it.
    static var keyring: KernelKeyring? {
        Trace.isWanted || !interactionIsReadable ? nil : KernelKeyring.existing()
    }

    /// Whether `keyfob-main` accepts the value of `KEYFOB_INTERACTION`.
    private static var interactionIsReadable: Bool {
        let value = EnvironmentVariables.value(of: "KEYFOB_INTERACTION") ?? ""
        return value.isEmpty || Interaction(rawValue: value) != nil
    }

    /// Returns the same answer to `get` that keyfob would give with a token in kernel memory; nil if keyfob has to
    /// answer.
    package static func answer(to request: CredentialRequest) -> CredentialResponse? {
        // If the service refused a token, or reported what was wrong with it, the same token fails again. Kernel memory
        // does not record the scopes and the resource of a token.
        guard TokenState(refusedIn: request) == nil, AuthenticationChallenge.bearer(in: request.wwwauth)?.error == nil,
            request.scope.isEmpty,
            request.resource == nil
        else { return nil }
        guard let found = RememberedToken(for: request) else { return nil }
        let now = Int64(time(nil))
        let isFresh = request.minTTL.map { found.token.hasLife(Int64($0), at: now) } ?? found.token.isFresh(at: now)
        return isFresh ? found.response(to: request) : nil
    }

    /// Whether the caller stores the token that keyfob gave it, which keyfob has no need to store. In `store`, git names
    /// the user from keyfob's answer, even if its `get` named none.
    static func isStored(by request: CredentialRequest) -> Bool {
        var asked = request
        asked.username = nil
        return [request, asked].contains { question in
            guard let token = RememberedToken(for: question)?.token else { return false }
            return (request.credential ?? request.password) == token.token
        }
    }

    private func response(to request: CredentialRequest) -> CredentialResponse {
        CredentialResponse(
            accessToken: token.token, username: token.username, expiresAt: token.expiresAt,
            state: TokenState(account: account, serial: token.serial), to: request)
    }
}
