import CredentialProtocol
import Doors
import Glibc
import KernelKeyring
import KeyfobCore

/// The routes, by which doors answer without this program.
extension Composition {
    /// Tells the doors which account answers this question and, if possible, all questions about the same service. Build
    /// tools ask for one path after another, and the kernel stores only a few keys for each user.
    ///
    /// The doors answer no questions with scopes or a resource, and no questions about an account that an option names.
    func noteRoute(_ request: CredentialRequest, _ account: Account, _ configuration: Configuration) {
        guard self.account == nil, request.scope.isEmpty, request.resource == nil else { return }
        if isForGit {
            note(Routes.exact(request), account)
        } else if configuration.isWhole(account.service) {
            note(Routes.below(account.service, username: request.username), account)
        } else if request.path == nil || request.url == account.service {
            note(Routes.exact(request), account)
        }
    }

    /// The generation of the passwords in kernel memory; nil if doors must not answer with them: for callers other than git,
    /// or if the Secret Service may have others. It is read before the passwords are.
    var passwordGeneration: String? {
        let isComplete = store.setting == .memory || store.setting == .auto && !Routes.mayHaveBus
        return isForGit && account == nil && isComplete ? KernelItems().generation : nil
    }

    /// Tells the door for git which password in kernel memory answers this question.
    ///
    /// - Parameter generation: ``passwordGeneration`` before the password was looked up.
    func noteRoute(_ request: CredentialRequest, to answer: CredentialHelper.Answer, _ generation: String) {
        guard let key = answer.key, let username = answer.response.username, let name = Routes.password(request),
            let payload = PasswordRoute(generation: generation, item: key, username: username).payload
        else { return }
        try? KernelKeyring.open().write(name, payload, lifetime: PasswordRoute.lifetime)
    }

    /// Notes nothing if git's settings name the account. A door does not ask git, so it would not see that the settings
    /// have changed, or that they do not count for its own command.
    private func note(_ route: String?, _ account: Account) {
        if let route, !account.isFromGit {
            KernelAccessTokenCache().note(route: route, account: account.id, at: Int64(time(nil)))
        }
    }
}
