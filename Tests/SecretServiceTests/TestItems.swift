import Glibc
import SecretService
import Secrets
import TestSupport
import Testing

extension ItemSchema {
    /// Like keyfob's own items: each has all keys.
    static let note = ItemSchema(
        name: "org.example.Note", attributes: ["id": .string, "kind": .string, "number": .integer])

    /// Like git's passwords: keys may be missing, so one item's attributes can be a subset of another's.
    static let password = ItemSchema(
        name: "org.example.Password",
        attributes: ["protocol": .string, "server": .string, "port": .integer, "object": .string, "user": .string])
}

extension SecretService {
    /// For a program that must not show prompts.
    static var silent: SecretService { SecretService(mayPrompt: false) }
}

/// Runs `body` in a session with a new, unlocked keyring.
func inUnlockedSession(_ body: (PrivateSession) async throws -> Void) async throws {
    try await PrivateSession.run { session in
        try await session.withKeyring(.unlocked) { try await body(session) }
    }
}

/// Waits until the clock shows another second.
func waitForNextSecond() {
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    var next = timespec(tv_sec: now.tv_sec + 1, tv_nsec: 0)
    unsafe clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &next, nil)
}

/// A socket that accepts connections and never answers.
struct SilentSocket {
    private let descriptor: Int32

    init(path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let bound = unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0 && listen(descriptor, 8) == 0)
    }

    func close() { _ = Glibc.close(descriptor) }
}
