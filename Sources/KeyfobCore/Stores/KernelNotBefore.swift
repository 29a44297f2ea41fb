import KernelKeyring
package import OAuth
import Secrets

extension NotBefore {
    /// Kernel memory, which all processes of the user share. So if a server told one caller to wait, the other callers wait
    /// too. If the kernel refuses, the server has to tell each of them.
    ///
    /// - Parameters:
    ///   - keyring: another keyring than the user's own, for tests.
    ///   - now: seconds since 1970-01-01 UTC.
    package static func inKernelMemory(
        keyring: String = "keyfob", now: @escaping @Sendable () -> Int64
    ) -> NotBefore {
        NotBefore(
            recall: { address in
                KernelKeyring.existing(named: keyring)?.read(KeyNames.notBefore(address: address))?.exposedText
                    .flatMap { Int64($0) }.flatMap { $0 <= now() + longest ? $0 : nil }
            },
            remember: { address, time in
                let time = min(time, now() + longest)
                let lifetime = UInt32(clamping: max(time - now(), 1))  // 0 would mean for ever.
                try? KernelKeyring.open(named: keyring)
                    .write(KeyNames.notBefore(address: address), Secret(String(time)), lifetime: lifetime)
            })
    }

    /// A later time in the keyring comes from a clock that was wrong.
    private static let longest = Int64(RetryAfter.limit)
}
