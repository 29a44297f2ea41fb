import KernelKeyring

/// The access tokens in the kernel's keyring, which belongs to the user and not to the private session.
struct KernelKeys: Sendable {
    private let names: Set<String>

    /// What is there before the demonstration: the person's own, which stays.
    static func before() -> KernelKeys { KernelKeys(names: current) }

    /// What has come since.
    var new: Set<String> { Self.current.subtracting(names) }

    /// Takes away what has come since.
    func removeNew() {
        for name in new { KernelKeyring.existing()?.remove(name) }
    }

    private static var current: Set<String> { Set(KernelKeyring.existing()?.names() ?? []) }
}
