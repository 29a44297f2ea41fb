import CKernelKeyring
import Glibc
import KernelKeyring
import Secrets
import Testing

@Suite struct `Access to kernel keys` {
    @Test func `A session that is not linked to the user keyring reads and writes`() async throws {
        let name = String.testKeyringName()
        let keyring = try KernelKeyring.open(named: name)
        defer { keyring.discard() }
        try keyring.write("before", Secret("from outside"), lifetime: 60)
        await #expect(processExitsWith: .success) { [name = name as String] in
            try #require(keyfob_join_new_session() > 0)
            let keyring = try #require(KernelKeyring.existing(named: name))
            #expect(keyring.read("before") == Secret("from outside"))
            try keyring.write("before", Secret("from inside"), lifetime: 60)
            try keyring.write("new", Secret("new"), lifetime: 60)
            #expect(Set(keyring.names()) == ["before", "new"])
        }
        #expect(keyring.read("before") == Secret("from inside"))
        #expect(keyring.read("new") == Secret("new"))
    }

    @Test func `A session that is not linked to the user keyring creates the keyring`() async throws {
        let name = String.testKeyringName()
        await #expect(processExitsWith: .success) { [name = name as String] in
            try #require(keyfob_join_new_session() > 0)
            try KernelKeyring.open(named: name).write("token", Secret("s"), lifetime: 60)
        }
        let keyring = try #require(KernelKeyring.existing(named: name))
        defer { keyring.discard() }
        #expect(keyring.read("token") == Secret("s"))
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a key away"))
    func `A key or keyring of another user is ignored`() throws {
        let name = String.testKeyringName()
        let keyring = try KernelKeyring.open(named: name)
        defer { keyring.discard() }
        // The search below covers the keyrings of all tests.
        let token = "token in \(name)"
        try keyring.write(token, Secret("s"), lifetime: 60)
        let key = try #require(unsafe keyfob_search(KEY_SPEC_USER_KEYRING, "user", token).positive)
        try #require(keyfob_give_away(key, 65_534) == 0)
        #expect(keyring.read(token) == nil)
        #expect(keyring.names().isEmpty)
        let serial = try #require(unsafe keyfob_search(KEY_SPEC_USER_KEYRING, "keyring", name).positive)
        try #require(keyfob_give_away(serial, 65_534) == 0)
        #expect(KernelKeyring.existing(named: name) == nil)
        // Returned to this user, because otherwise it could not be discarded.
        try #require(keyfob_give_away(serial, 0) == 0)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can become another user"))
    func `An ordinary user has a keyring, and a quota`() async {
        await #expect(processExitsWith: .success) {
            try #require(setuid(65_534) == 0)
            let keyring = try KernelKeyring.open(named: .testKeyringName())
            defer { keyring.discard() }
            try keyring.write("token", Secret("s"), lifetime: 60)
            #expect(keyring.read("token") == Secret("s"))
            let payload = Secret([UInt8](repeating: 1, count: 4_000))
            #expect(throws: KernelKeyringError.quotaExceeded) {
                for number in 0..<1_000 { try keyring.write("token \(number)", payload, lifetime: 60) }
            }
            #expect(keyring.read("token") == Secret("s"))
        }
    }
}

extension keyfob_key {
    /// nil for the kernel's -1.
    fileprivate var positive: keyfob_key? { self > 0 ? self : nil }
}
