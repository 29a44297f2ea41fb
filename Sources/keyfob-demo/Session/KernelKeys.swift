import KernelKeyring
import Secrets

/// What keyfob keeps in the kernel for the demonstration's git server. The kernel's keyring is the user's, not the
/// private session's, so what is ours in it is told apart by the host and port in the names.
struct KernelKeys: Sendable {
    /// `127.0.0.1:PORT`
    let host: String

    /// Whether an access token for the host is there.
    var holdToken: Bool {
        guard let keyring = KernelKeyring.existing() else { return false }
        return tokens(keyring).contains { keyring.read($0) != nil }
    }

    /// Forgets all that is there for the host.
    func remove() {
        guard let keyring = KernelKeyring.existing() else { return }
        for name in tokens(keyring) + routes(keyring) { keyring.remove(name) }
    }

    /// A route key maps a question for the host to an account.
    private func routes(_ keyring: KernelKeyring) -> [String] {
        keyring.names().filter { $0.hasPrefix("route:") && $0.split(separator: "\t").contains(Substring(host)) }
    }

    private func tokens(_ keyring: KernelKeyring) -> [String] {
        routes(keyring).compactMap { keyring.read($0)?.exposedText }.map(KeyNames.token)
    }
}
