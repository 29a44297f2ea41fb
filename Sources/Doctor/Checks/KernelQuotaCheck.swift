import Files
import Glibc

/// The user can store more keys in the kernel.
struct KernelQuotaCheck: Check {
    let id = "kernel-quota"
    let needs = ["kernel-keyring"]

    static let hint = "see /proc/keys; root raises the quota: sysctl kernel.keys.maxkeys, kernel.keys.maxbytes"

    func look(_ context: CheckContext) -> Finding {
        Self.finding(SystemFile.text("/proc/key-users").flatMap { KeyQuota($0, user: getuid()) })
    }

    /// - Parameter quota: nil if the system does not show it.
    static func finding(_ quota: KeyQuota?) -> Finding {
        guard let quota else { return .ok("the system does not show it") }
        let summary = "\(quota.keys) of \(quota.maximumKeys) keys, \(quota.bytes) of \(quota.maximumBytes) bytes"
        let details: [String: Finding.Detail] = [
            "keys": .number(quota.keys), "maximum_keys": .number(quota.maximumKeys), "bytes": .number(quota.bytes),
            "maximum_bytes": .number(quota.maximumBytes),
        ]
        return quota.isNearlyUsedUp
            ? .warning(summary + ": nearly used up", hints: [hint], details) : .ok(summary, details)
    }
}
