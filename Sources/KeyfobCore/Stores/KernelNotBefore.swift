import KernelKeyring
package import OAuth
import Secrets

extension NotBefore {
    /// Kernel memory, where all processes of a person find it: of many callers at once, or one after the other, none asks
    /// a server that has told the first one to stay away. Where the kernel refuses, each has to be told.
    ///
    /// - Parameters:
    ///   - keyring: another keyring than the person's own, for tests.
    ///   - now: seconds since 1970-01-01 UTC.
    package static func inKernelMemory(
        keyring: String = "keyfob", now: @escaping @Sendable () -> Int64
    ) -> NotBefore {
        NotBefore(
            recall: { origin in
                KernelKeyring.existing(named: keyring)?.read(KeyNames.notBefore(origin: origin))?.exposedText
                    .flatMap { Int64($0) }.flatMap { $0 <= now() + longest ? $0 : nil }
            },
            remember: { origin, time in
                let time = min(time, now() + longest)
                let lifetime = UInt32(clamping: max(time - now(), 1))  // 0 would mean for ever
                try? KernelKeyring.open(named: keyring)
                    .write(KeyNames.notBefore(origin: origin), Secret(String(time)), lifetime: lifetime)
            })
    }

    /// An hour, in seconds: a server that asks for more, by mistake perhaps, is asked again then. And a time further away
    /// than that was written by another clock than the one that reads it.
    private static let longest: Int64 = 3_600
}
