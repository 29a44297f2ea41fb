import CKernelKeyring
import Glibc
import Secrets
import Testing

@testable import KernelKeyring

@Suite struct `The kernel keyring` {
    /// The first read takes 4,096 bytes; a key of the type `user` holds at most 32,767.
    @Test(arguments: [1, 2, 4_095, 4_096, 4_097, 9_000, 32_767])
    func `returns the bytes that were stored`(count: Int) throws {
        let secret = Secret((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        try withKeyring { keyring in
            try keyring.write("token", secret, lifetime: 60)
            #expect(keyring.read("token") == secret)
        }
    }

    @Test(arguments: [
        Name("a"), Name("https://git.example.com/a b"), Name("user;0;0;3f3f0000;name"), Name("%:."), Name(".hidden"),
        Name("größe-鍵"), Name("n", times: 4_095),
    ])
    func `accepts any printable name of up to 4095 bytes`(_ name: Name) throws {
        let name = name.text
        try withKeyring { keyring in
            try keyring.write(name, Secret("s"), lifetime: 60)
            #expect(keyring.read(name) == Secret("s"))
            #expect(keyring.names() == [name])
            #expect(keyring.remove(name))
            #expect(keyring.read(name) == nil)
        }
    }

    @Test(arguments: [Name(""), Name("a\0b"), Name("n", times: 4_096), Name("ö", times: 2_048)])
    func `refuses a name that the kernel would truncate`(_ name: Name) throws {
        let name = name.text
        try withKeyring { keyring in
            #expect(throws: KernelKeyringError.failed(operation: "add_key", errno: EINVAL)) {
                try keyring.write(name, Secret("s"), lifetime: 60)
            }
            #expect(keyring.read(name) == nil)
            #expect(!keyring.remove(name))
        }
    }

    @Test func `refuses an empty secret, which the kernel cannot store`() throws {
        try withKeyring { keyring in
            #expect(throws: KernelKeyringError.failed(operation: "add_key", errno: EINVAL)) {
                try keyring.write("token", Secret(""), lifetime: 60)
            }
        }
    }

    // A full quota refuses each new key, and a deleted one is free only later.
    @Test func `replaces a value in a key that was reserved elsewhere`() throws {
        try withKeyring { place in
            try withKeyring { keyring in
                try keyring.write("reserved-item", Secret("old"), lifetime: 60)
                #expect(!keyring.adopt("reserved-item", Secret("lost"), from: place))
                #expect(keyring.read("reserved-item") == Secret("old"))
                try place.reserve("reserved-item", bytes: 100, lifetime: 60)
                let reserved = KernelKey.all(named: "reserved-item").map(\.serial)
                try place.reserve("reserved-item", bytes: 90, lifetime: 30)
                #expect(KernelKey.all(named: "reserved-item").map(\.serial) == reserved)
                #expect(keyring.adopt("reserved-item", Secret("new"), from: place))
                #expect(keyring.read("reserved-item") == Secret("new"))
                #expect(place.read("reserved-item") == nil)
                let key = try #require(KernelKey.all(named: "reserved-item").first { $0.timeLeft == "perm" })
                #expect(reserved.contains(key.serial))
            }
        }
    }

    @Test func `returns nothing for a name that was not written`() throws {
        try withKeyring { keyring in
            #expect(keyring.read("token") == nil)
            #expect(keyring.names().isEmpty)
            #expect(!keyring.remove("token"))
        }
        #expect(KernelKeyring.existing(named: .testKeyringName()) == nil)
    }

    @Test func `replaces the secret of a name`() throws {
        try withKeyring { keyring in
            try keyring.write("token", Secret("a longer first secret"), lifetime: 60)
            try keyring.write("token", Secret("second"), lifetime: 60)
            #expect(keyring.read("token") == Secret("second"))
            #expect(keyring.names() == ["token"])
        }
    }

    @Test func `lists 200 names`() throws {
        try withKeyring { keyring in
            for number in 0..<200 { try keyring.write("token \(number)", Secret("s"), lifetime: 60) }
            #expect(Set(keyring.names()) == Set((0..<200).map { "token \($0)" }))
        }
    }

    @Test func `lets the kernel expire keys`() throws {
        let name = String.testKeyringName()
        try withKeyring { keyring in
            try keyring.write(name, Secret("s"), lifetime: 50)
            let keys = KernelKey.all(named: name)
            #expect(keys.count == 1)
            // Rounded down by the kernel, and a second may have passed.
            let seconds = keys.first.flatMap { Int($0.timeLeft.dropLast()) } ?? 0
            #expect(keys.first?.timeLeft.last == "s" && (40...50).contains(seconds))
            // The lifetime of the new secret is longer. It replaces the rest of the old one.
            try keyring.write(name, Secret("t"), lifetime: 7_200)
            let lives = KernelKey.all(named: name).map(\.timeLeft)
            #expect(!lives.filter { ["119m", "120m", "1h", "2h"].contains($0) }.isEmpty)
        }
    }

    @Test func `stores nothing for a lifetime of zero`() throws {
        try withKeyring { keyring in
            try keyring.write("token", Secret("s"), lifetime: 60)
            try keyring.write("token", Secret("s"), lifetime: 0)
            #expect(keyring.read("token") == nil)
        }
    }

    @Test func `gives only the owner access to a key`() throws {
        let name = String.testKeyringName()
        try withKeyring { keyring in
            try keyring.write(name, Secret("s"), lifetime: 60)
            #expect(KernelKey.all(named: name).map(\.permissions) == ["3f3f0000"])
        }
    }

    @Test func `leaves no key in the keyring of the thread`() throws {
        let name = String.testKeyringName()
        try withKeyring { keyring in
            try keyring.write(name, Secret("s"), lifetime: 60)
            #expect(unsafe keyfob_search(KEY_SPEC_THREAD_KEYRING, "user", name) < 0)
            #expect(unsafe keyfob_search(KEY_SPEC_THREAD_KEYRING, "big_key", name) < 0)
        }
    }

    @Test(arguments: [
        (EPERM, KernelKeyringError.unavailable(errno: EPERM)),
        (ENOSYS, .unavailable(errno: ENOSYS)),
        (EDQUOT, .quotaExceeded),
        (EACCES, .failed(operation: "add_key", errno: EACCES)),
    ])
    func `distinguishes a kernel without keys from a full one`(code: Int32, error: KernelKeyringError) {
        #expect(KernelKeyringError(operation: "add_key", errno: code) == error)
    }
}

/// A name that a test report can show.
struct Name: CustomTestStringConvertible {
    let text: String
    let testDescription: String

    init(_ text: String, times count: Int = 1) {
        self.text = String(repeating: text, count: count)
        testDescription = count == 1 ? text.replacing("\0", with: "\\0") : "\(count) times \(text)"
    }
}
