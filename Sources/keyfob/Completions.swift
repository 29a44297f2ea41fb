import ArgumentParser
import CredentialProtocol
import KeyfobCore
import SecretService

extension CompletionKind {
    /// The services that are configured, approved or signed in to.
    static var services: CompletionKind { .custom { _, _, _ in CompletionCandidates().services } }

    /// The accounts at the service that stands on the line, or at any.
    static var accounts: CompletionKind { .custom { words, _, _ in CompletionCandidates().accounts(atOneOf: words) } }
}

/// What a shell may offer behind a command. Somebody waits for it who has pressed a key: whatever cannot be had at once, and
/// without asking anybody, is not there.
private struct CompletionCandidates {
    private var entries: [(service: ServiceURL, account: String?)] = []

    /// How long the keyring may take, all in all.
    private static let patience = Duration.milliseconds(50)

    init() {
        for file in Environment.configurationFiles {
            // One file that is wrong hides nothing of the others; what is wrong with it the command will say.
            let hosts = (try? Configuration(files: [file]))?.hosts ?? []
            entries += hosts.map { ($0.service, $0.account) }
        }
        let keyring = GrantStore(items: SecretService(deadline: Self.patience, mayPrompt: false))
        for grant in (try? keyring.all()) ?? [] {
            if let service = try? ServiceURL(grant.service) { entries.append((service, grant.accountName)) }
        }
    }

    var services: [String] { Self.offered(entries.map { $0.service.description }) }

    func accounts(atOneOf words: [String]) -> [String] {
        let services = words.compactMap { try? ServiceURL($0) }
        let meant = entries.filter { entry in services.isEmpty || services.contains { entry.service.contains($0) } }
        return Self.offered(meant.compactMap { $0.account })
    }

    /// Each once, in order; none that a shell would take for more than a word: bash expands what it is offered (`compgen -W`).
    private static func offered(_ words: [String]) -> [String] {
        let plain = Set(words).filter { !$0.isEmpty && $0.utf8.allSatisfy(isPlain) }.sorted()
        guard CompletionShell.requesting == .zsh else { return plain }
        // zsh takes what is behind a colon for a description.
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
