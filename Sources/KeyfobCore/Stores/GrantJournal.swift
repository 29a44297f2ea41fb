import KernelKeyring
import Secrets

/// Holds a grant in kernel memory from the server's answer until the Secret Service has stored it.
///
/// Until then a rotated refresh token exists nowhere else. A write to the kernel keyring takes microseconds; a write to a
/// keyring on disk takes milliseconds, and that keyring may be locked or gone. With the journal, a crash or a refusal does
/// not cost a sign-in. If the kernel refuses too, the grant is written only to the Secret Service.
package struct GrantJournal: Sendable {
    /// Stores the encoded grant of an account. Returns whether that worked.
    let keep: @Sendable (_ account: String, _ grant: Secret) -> Bool
    /// The encoded grant of an account.
    let recall: @Sendable (_ account: String) -> Secret?
    /// Deletes the grant of an account.
    let forget: @Sendable (_ account: String) -> Void
    /// Notes that the Secret Service has accepted the grant, but may not have written it to its file yet.
    let settle: @Sendable (_ account: String) -> Void
    /// Whether that was so short ago that the file may not be written. KWallet writes it after five seconds.
    let isSettling: @Sendable (_ account: String) -> Bool
    /// The accounts of this session that have a grant in the journal.
    let accounts: @Sendable () -> [String]

    /// Stores nothing.
    package static let none = GrantJournal(
        keep: { _, _ in false }, recall: { _ in nil }, forget: { _ in }, settle: { _ in }, isSettling: { _ in false },
        accounts: { [] })

    /// The kernel keyring. This user's processes can read it, until the machine restarts and for a week at most: a Secret
    /// Service that has refused for a week will not accept the grant any more.
    ///
    /// - Parameters:
    ///   - keyring: another keyring than the user's own, for tests.
    ///   - isOurs: whether an account belongs to this session. The user's other sessions share the kernel keyring, but have
    ///     a Secret Service and grants of their own.
    package static func inKernelMemory(
        keyring: String = "keyfob", isOurs: @escaping @Sendable (_ account: String) -> Bool = { _ in true }
    ) -> GrantJournal {
        GrantJournal(
            keep: { account, grant in
                (try? KernelKeyring.open(named: keyring)
                    .write(KeyNames.grant(account: account), grant, lifetime: 604_800)) != nil
            },
            recall: { KernelKeyring.existing(named: keyring)?.read(KeyNames.grant(account: $0)) },
            forget: { account in
                let keys = KernelKeyring.existing(named: keyring)
                keys?.remove(KeyNames.grant(account: account))
                keys?.remove(KeyNames.settling(account: account))
            },
            settle: { account in
                try? KernelKeyring.open(named: keyring)
                    .write(KeyNames.settling(account: account), Secret("1"), lifetime: 10)
            },
            isSettling: { KernelKeyring.existing(named: keyring)?.read(KeyNames.settling(account: $0)) != nil },
            accounts: {
                let prefix = KeyNames.grant(account: "")
                let names = KernelKeyring.existing(named: keyring)?.names() ?? []
                return names.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
                    .filter(isOurs)
            })
    }
}
