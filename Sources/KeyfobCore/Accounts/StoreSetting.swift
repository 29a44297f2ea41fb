/// The place of new sign-ins, registrations and stored passwords: the key `store`.
package enum StoreSetting: String, Sendable, CaseIterable, Encodable {
    /// The Secret Service. The default.
    case keyring
    /// Kernel memory (``KernelItems``).
    case memory
    /// The Secret Service if there is one, otherwise kernel memory.
    case auto
}
