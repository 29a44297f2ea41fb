package import CredentialProtocol
import KernelKeyring
import Secrets

/// A stored password for git, from kernel memory. `keyfob-main` writes the route to it, and only if there can be no password
/// in a Secret Service.
package struct RememberedPassword {
    let username: String
    let password: Secret

    /// Returns nil if there is no valid route for this exact question.
    init?(for request: CredentialRequest) {
        guard let name = Routes.password(request), let payload = RememberedToken.keyring?.read(name),
            let route = PasswordRoute(payload: payload), let password = route.password()
        else { return nil }
        (username, self.password) = (route.username, password)
    }

    /// Returns the same answer to `get` that keyfob would give; nil if keyfob has to answer.
    package static func answer(to request: CredentialRequest) -> CredentialResponse? {
        RememberedPassword(for: request).map { CredentialResponse(username: $0.username, password: $0.password) }
    }

    /// Whether the caller stores exactly what is stored. In `store`, git names the user of keyfob's answer, even if its
    /// `get` named none.
    static func isStored(by request: CredentialRequest) -> Bool {
        var asked = request
        asked.username = nil
        guard request.credential == nil, request.passwordExpiryUTC == nil, request.oauthRefreshToken == nil else {
            return false
        }
        return [request, asked].contains { question in
            guard let known = RememberedPassword(for: question) else { return false }
            return known.username == request.username && known.password == request.password
        }
    }
}
