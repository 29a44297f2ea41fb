import Addresses
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
                hint, service: request?.url, configured: request?.url.flatMap(Self.configured),
                user: request?.username, options: options)
        }
    }

    /// The service whose entry in the configuration counts for a URL: the one that is there, or else the whole origin for
    /// a repository, because git sends no path; nil for the URL itself.
    private static func configured(_ url: ServiceURL) -> ServiceURL? {
        if let host = (try? Environment.configuration())?.host(for: url) { return host.service }
        let isRepository = url.pathSegments.last?.asciiLowercased.hasSuffix(".git") == true
        guard isRepository || KnownHost.match(url, provider: nil) != nil else { return nil }
        return try? ServiceURL(url.origin)
    }

    /// The report without the advice to keep a sign-in elsewhere, for a command that needs no new sign-in.
    func withoutAdviceToSignIn() -> Report {
        var report = self
        report.hints.removeAll { $0.begins(with: Self.withoutKeyring) }
        return report
    }
}
