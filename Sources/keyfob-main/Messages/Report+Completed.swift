import Console
import CredentialProtocol
import KeyfobCore
import Secrets

extension Report {
    /// The report of an error of a command that named this service and gave these options: its hints repeat them. Without
    /// a service there is no hint that needs one.
    init(_ error: any Error, about url: String?, options: [String] = []) {
        self.init(error)
        // The user's text may have a user name, a query or a fragment.
        let request = url.flatMap { try? CredentialRequest(url: $0) }
        hints = hints.compactMap { hint in
            if request?.url == nil, hint.isSame(as: Self.memoryHint) { return Self.memorySetting }
            return HintedCommand.completed(
                hint, service: request?.url, user: request?.username, options: options)
        }
    }

    /// The report without the advice to keep a sign-in elsewhere, for a command that needs no new sign-in.
    func withoutAdviceToSignIn() -> Report {
        var report = self
        report.hints.removeAll { $0.begins(with: Self.withoutKeyring) }
        return report
    }
}
