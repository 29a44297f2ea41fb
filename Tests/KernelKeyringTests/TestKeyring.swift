import Glibc
import KernelKeyring

/// Runs `body` with the test's own keyring in the user keyring, and deletes it afterwards. The user's own keyring is
/// not touched.
@discardableResult
func withKeyring<Result>(_ body: (KernelKeyring) throws -> Result) throws -> Result {
    let keyring = try KernelKeyring.open(named: .testKeyringName())
    defer { keyring.discard() }
    return try body(keyring)
}

extension String {
    /// A unique name for a keyring.
    static func testKeyringName() -> String { "keyfob-test-\(getpid())-\(UInt64.random(in: 0...UInt64.max))" }
}

/// One line of /proc/keys (keyrings(7)): the kernel's own view of a key.
struct KernelKey {
    let serial: Int32
    let timeLeft: String
    let permissions: String
    let type: String

    /// All visible keys with that description.
    static func all(named description: String) -> [KernelKey] {
        guard let file = unsafe fopen("/proc/keys", "re") else { return [] }
        defer { unsafe fclose(file) }
        var found: [KernelKey] = []
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { unsafe free(line) }
        while unsafe getline(&line, &capacity, file) > 0, let text = unsafe line.map({ unsafe String(cString: $0) }) {
            // serial, flags, usage, time left, permissions, user, group, type, "description: length of the payload"
            let fields = text.split(separator: " ", maxSplits: 8, omittingEmptySubsequences: true)
            guard fields.count == 9, fields[8].drop(while: { $0 == " " }).hasPrefix(description + ": "),
                let serial = Int32(fields[0], radix: 16)
            else { continue }
            found.append(
                KernelKey(
                    serial: serial, timeLeft: String(fields[3]), permissions: String(fields[4]),
                    type: String(fields[7])))
        }
        return found
    }
}
