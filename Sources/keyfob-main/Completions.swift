import Addresses
import ArgumentParser
import CredentialProtocol
import KeyfobCore
import SecretService

extension CompletionKind {
    /// The services that are configured, approved or signed in to.
    static var services: CompletionKind { .custom { _, _, _ in CompletionCandidates().services } }

    /// The accounts at the service on the command line, or at any service.
    static var accounts: CompletionKind { .custom { words, _, _ in CompletionCandidates().accounts(atOneOf: words) } }
}

/// The completion candidates for a shell. A user waits for them after pressing a key, so this omits everything that is
/// not available at once or needs a question.
private struct CompletionCandidates {
    private var entries: [(service: ServiceURL, account: String?)] = []

    /// The total time limit for the keyring.
    private static let patience = Duration.milliseconds(50)

    init() {
        for file in Environment.configurationFiles {
            // An invalid file does not hide the candidates from the other files. The command itself reports the error.
            let hosts = (try? Configuration(files: [file]))?.hosts ?? []
            entries += hosts.map { ($0.service, $0.account) }
        }
        let keyring = SecretService(deadline: Self.patience, startDeadline: Self.patience, mayPrompt: false)
        for grant in (try? GrantStore(items: keyring).all()) ?? [] {
            if let service = try? ServiceURL(grant.service) { entries.append((service, grant.accountName)) }
        }
    }

    var services: [String] { Self.offered(entries.map { $0.service.description }) }

    func accounts(atOneOf words: [String]) -> [String] {
        let services = words.compactMap { try? ServiceURL($0) }
        let meant = entries.filter { entry in services.isEmpty || services.contains { entry.service.contains($0) } }
        return Self.offered(meant.compactMap { $0.account })
    }

    /// Each candidate once, sorted. Omits those that a shell would not take as one word, because bash expands the
    /// candidates (`compgen -W`).
    private static func offered(_ words: [String]) -> [String] {
        let plain = Set(words).filter { !$0.isEmpty && $0.utf8.allSatisfy(isPlain) }.sorted()
        guard CompletionShell.requesting == .zsh else { return plain }
        // zsh takes the text after a colon as a description.
        return plain.map { $0.split(separator: ":", omittingEmptySubsequences: false).joined(separator: "\\:") }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._:/@%+,=[]".utf8.contains(byte)
        }
    }
}
