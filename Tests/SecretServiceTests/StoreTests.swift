import SecretService
import Secrets
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct `An unlocked keyring` {
    @Test func `returns what was stored, and nothing for other attributes`() async throws {
        try await inUnlockedSession { session in
            await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                enter(session)
                let attributes = ["id": "a/1", "kind": "größe", "number": "65535"]
                try SecretService.silent.store(.note, attributes: attributes, label: "A note", secret: Secret("s"))
                let found = try SecretService.silent.search(.note, matching: ["id": "a/1"])
                #expect(found.map(\.attributes) == [attributes])
                #expect(found.map(\.label) == ["A note"])
                #expect(found.map(\.secret) == [Secret("s")])
                #expect(found.allSatisfy { $0.modified > 1_700_000_000 })
                #expect(try SecretService.silent.search(.note, matching: ["id": "a/2"]).isEmpty)
                #expect(try SecretService.silent.search(.note, matching: ["id": "a/1", "number": "1"]).isEmpty)
                try SecretService.silent.probeWritable()
            }
        }
    }

    @Test func `stores any bytes as a secret`() async throws {
        try await inUnlockedSession { session in
            await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                enter(session)
                let secrets: [Secret] = [
                    Secret("password\npassword_expiry_utc=1\n"), Secret("größe 鍵 👩‍💻\r\n"), Secret(""),
                    Secret([0, 1, 0, 255]), Secret([UInt8](repeating: 65, count: 200_000)),
                ]
                for (number, secret) in secrets.enumerated() {
                    let attributes = ["id": "\(number)", "kind": "bytes", "number": "0"]
                    try SecretService.silent.store(.note, attributes: attributes, label: "", secret: secret)
                    #expect(try SecretService.silent.search(.note, matching: attributes).map(\.secret) == [secret])
                }
            }
        }
    }

    @Test func `replaces a secret, and keeps the item's label and attributes`() async throws {
        try await inUnlockedSession { session in
            await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                enter(session)
                let attributes = ["id": "1", "kind": "k", "number": "1"]
                try SecretService.silent.store(.note, attributes: attributes, label: "First", secret: Secret("first"))
                try SecretService.silent.store(.note, attributes: attributes, label: "Second", secret: Secret("second"))
                let found = try SecretService.silent.search(.note, matching: ["id": "1"])
                #expect(found.map(\.secret) == [Secret("second")])
                #expect(found.map(\.label) == ["First"])
                #expect(found.map(\.attributes) == [attributes])
            }
        }
    }

    /// Some services overwrite an item that has these and more attributes: a password for the host would replace one
    /// for a single repository on it.
    @Test func `treats an item with more attributes as another one`() async throws {
        try await inUnlockedSession { session in
            await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                enter(session)
                let host = ["protocol": "https", "server": "git.example.com", "user": "u"]
                let repository = host.merging(["object": "a.git"]) { $1 }
                try SecretService.silent.store(
                    .password, attributes: repository, label: "", secret: Secret("repository"))
                try SecretService.silent.store(.password, attributes: host, label: "", secret: Secret("host"))
                try SecretService.silent.store(.password, attributes: host, label: "", secret: Secret("host 2"))
                let found = try SecretService.silent.search(.password, matching: host)
                #expect(Set(found.map(\.attributes)) == [repository, host])
                #expect(found.first { $0.attributes == repository }?.secret == Secret("repository"))
                #expect(found.first { $0.attributes == host }?.secret == Secret("host 2"))
            }
        }
    }

    @Test func `deletes the item with exactly the attributes`() async throws {
        try await inUnlockedSession { session in
            await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                enter(session)
                let host = ["protocol": "https", "server": "git.example.com"]
                let (alice, bob) = (host.merging(["user": "alice"]) { $1 }, host.merging(["user": "bob"]) { $1 })
                try SecretService.silent.store(.password, attributes: alice, label: "", secret: Secret("a"))
                try SecretService.silent.store(.password, attributes: bob, label: "", secret: Secret("b"))
                #expect(try !SecretService.silent.delete(.password, exactly: host))
                #expect(try SecretService.silent.search(.password, matching: host).count == 2)
                #expect(try SecretService.silent.delete(.password, exactly: alice))
                #expect(try SecretService.silent.search(.password, matching: host).map(\.attributes) == [bob])
                #expect(try !SecretService.silent.delete(.password, exactly: alice))
            }
        }
    }

    @Test func `ignores items of another schema`() async throws {
        try await inUnlockedSession { session in
            await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                enter(session)
                let attributes = ["id": "1", "kind": "k", "number": "1"]
                let theirs = ItemSchema(name: "org.example.Theirs", attributes: ItemSchema.note.attributes)
                try SecretService.silent.store(theirs, attributes: attributes, label: "", secret: Secret("theirs"))
                #expect(try SecretService.silent.search(.note, matching: attributes).isEmpty)
                #expect(try !SecretService.silent.delete(.note, exactly: attributes))
                try SecretService.silent.store(.note, attributes: attributes, label: "", secret: Secret("ours"))
                #expect(try SecretService.silent.search(.note, matching: attributes).map(\.secret) == [Secret("ours")])
                #expect(
                    try SecretService.silent.search(theirs, matching: attributes).map(\.secret) == [Secret("theirs")])
                let both = ItemSchema(
                    name: "org.example.Note", attributes: theirs.attributes, otherNames: ["org.example.Theirs"])
                #expect(try SecretService.silent.search(both, matching: attributes).count == 2)
            }
        }
    }

    @Test func `finds an item that was stored without a schema`() async throws {
        try await inUnlockedSession { session in
            try await session.run("secret-tool", ["store", "--label=By hand", "id", "1", "kind", "k"], input: "s")
            await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                enter(session)
                let found = try SecretService.silent.search(.note, matching: ["id": "1"])
                #expect(found.map(\.secret) == [Secret("s")])
            }
        }
    }

    @Test func `lists the newest items first`() async throws {
        try await inUnlockedSession { session in
            for user in ["bob", "alice", "carol"] {
                await #expect(processExitsWith: .success) {
                    [session = session as PrivateSession, user = user as String] in
                    enter(session)
                    let attributes = ["protocol": "https", "server": "git.example.com", "user": user]
                    try SecretService.silent.store(.password, attributes: attributes, label: "", secret: Secret(user))
                    // The service reports times in whole seconds.
                    waitForNextSecond()
                }
            }
            await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                enter(session)
                let found = try SecretService.silent.search(.password, matching: ["server": "git.example.com"])
                #expect(found.map { $0.attributes["user"] } == ["carol", "alice", "bob"])
            }
        }
    }
}
