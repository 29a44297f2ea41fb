import KernelKeyring
import Secrets

/// The keys that keyfob keeps in the kernel for the demonstration's git server. The kernel's keyring belongs to the
/// user, not to the private session, so our keys are found by the host and port in their names.
struct KernelKeys: Sendable {
    /// `127.0.0.1:PORT`
    let host: String

    /// Whether there is an access token for the host.
    var holdToken: Bool {
        guard let keyring = KernelKeyring.existing() else { return false }
        return tokens(keyring).contains { keyring.read($0) != nil }
    }

    /// Removes all keys for the host.
    func remove() {
        guard let keyring = KernelKeyring.existing() else { return }
        for name in tokens(keyring) + routes(keyring) { keyring.remove(name) }
    }

    /// A route key maps a request for the host to an account.
    private func routes(_ keyring: KernelKeyring) -> [String] {
        keyring.names().filter { $0.hasPrefix("route:") && $0.split(separator: "\t").contains(Substring(host)) }
    }

    private func tokens(_ keyring: KernelKeyring) -> [String] {
        routes(keyring).compactMap { keyring.read($0)?.exposedText }.map(KeyNames.token)
    }
}
