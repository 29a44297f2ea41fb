import KernelKeyring
import Secrets

/// Where a grant is from the moment in which the server gave it until the Secret Service has it: kernel memory.
///
/// A rotated refresh token exists nowhere else by then. To write it into the kernel keyring takes microseconds, into a
/// keyring on disk many milliseconds, and a keyring may be locked or gone; so a crash or a refusal costs nobody a sign-in.
/// Where the kernel refuses, nothing is kept here, and nothing is worse than without.
package struct GrantJournal: Sendable {
    /// Keeps the encoded grant of an account; whether it could.
    let keep: @Sendable (_ account: String, _ grant: Secret) -> Bool
    /// The encoded grant of an account.
    let recall: @Sendable (_ account: String) -> Secret?
    /// Forgets the grant of an account.
    let forget: @Sendable (_ account: String) -> Void
    /// The accounts of this session of which a grant is kept.
    let accounts: @Sendable () -> [String]

    /// Keeps nothing.
    package static let none = GrantJournal(
        keep: { _, _ in false }, recall: { _ in nil }, forget: { _ in },
        accounts: { [] })

    /// The kernel keyring, readable by the processes of this user, until the next start of the machine and for a week at
    /// most: a keyring that has refused for so long will not take it any more.
    ///
    /// - Parameters:
    ///   - keyring: another keyring than the person's own, for tests.
    ///   - isOurs: whether an account is one of this session. Kernel memory is the user's; and a session of theirs beside
    ///     this one, with a Secret Service of its own, has grants that nobody here is to end.
    package static func inKernelMemory(
        keyring: String = "keyfob", isOurs: @escaping @Sendable (_ account: String) -> Bool = { _ in true }
    ) -> GrantJournal {
        GrantJournal(
            keep: { account, grant in
                (try? KernelKeyring.open(named: keyring)
                    .write(KeyNames.grant(account: account), grant, lifetime: 604_800)) != nil
            },
            recall: { KernelKeyring.existing(named: keyring)?.read(KeyNames.grant(account: $0)) },
            forget: { KernelKeyring.existing(named: keyring)?.remove(KeyNames.grant(account: $0)) },
            accounts: {
                let prefix = KeyNames.grant(account: "")
                let names = KernelKeyring.existing(named: keyring)?.names() ?? []
                return names.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
                    .filter(isOurs)
            })
    }
}
