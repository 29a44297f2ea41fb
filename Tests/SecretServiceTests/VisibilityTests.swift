import Glibc
import SecretService
import Secrets
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct `The parts of an item that other programs can read` {
    @Test func `are its attributes, its label and its schema; the secret is not in a file in plain text`()
        async throws
    {
        try await inUnlockedSession { session in
            await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                enter(session)
                let attributes = ["id": "visible", "kind": "k", "number": "1"]
                for secret in ["needle in the haystack 1", "needle in the haystack 2"] {
                    try SecretService.silent.store(
                        .note, attributes: attributes, label: "Label", secret: Secret(secret))
                }
            }
            let paths = try await session.secretService(
                "Service.SearchItems", "/org/freedesktop/secrets", "{'id': 'visible'}")
            let item = try #require(paths.split(separator: "'").first { $0.hasPrefix("/org/") })
            let properties = try await session.secretService("Item", String(item))
            #expect(properties.contains("'Label': <'Label'>"))
            let attributes = try #require(
                properties.split(separator: "'Attributes': <{").last?.split(separator: "}>").first)
            #expect(
                Set(attributes.split(separator: ", ")) == [
                    "'id': 'visible'", "'kind': 'k'", "'number': '1'", "'xdg:schema': 'org.example.Note'",
                ])
            let file = try contents(of: session.home + "/.local/share/keyrings/login.keyring")
            #expect(file.count > 100 && !file.contains("needle in the haystack".utf8))
        }
    }

    @Test func `are not on disk for an item of the session collection, which ends with the service`() async throws {
        try await PrivateSession.run { session in
            try await session.withKeyring(.unlocked) {
                await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                    enter(session)
                    try SecretService.silent.store(
                        .note, attributes: tokenAttributes, label: "On disk", secret: Secret("disk"))
                }
                let file = try contents(of: session.home + "/.local/share/keyrings/login.keyring")
                await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                    enter(session)
                    for text in ["memory", "memory 2"] {
                        try SecretService.silent.store(
                            .note, attributes: tokenAttributes, label: "In memory", secret: Secret(text), in: .session)
                    }
                    let found = try SecretService.silent.search(.note, matching: tokenAttributes)
                    #expect(found.count == 2)
                    #expect(found.first { $0.label == "On disk" }?.secret == Secret("disk"))
                    #expect(found.first { $0.label == "In memory" }?.secret == Secret("memory 2"))
                }
                #expect(try contents(of: session.home + "/.local/share/keyrings/login.keyring") == file)
            }
            try await session.withKeyring(.unlocked) {
                await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                    enter(session)
                    let found = try SecretService.silent.search(.note, matching: ["id": "token"])
                    #expect(found.map(\.label) == ["On disk"])
                }
            }
        }
    }
}

private let tokenAttributes = ["id": "token", "kind": "t", "number": "1"]

extension PrivateSession {
    /// Calls a method of the Secret Service, or reads all properties of an interface, as any program can.
    fileprivate func secretService(_ name: String, _ path: String, _ argument: String? = nil) async throws -> String {
        var arguments = ["call", "--session", "--dest=org.freedesktop.secrets", "--object-path=\(path)"]
        if let argument {
            arguments += ["--method=org.freedesktop.Secret.\(name)", argument]
        } else {
            arguments += ["--method=org.freedesktop.DBus.Properties.GetAll", "org.freedesktop.Secret.\(name)"]
        }
        return try await run("gdbus", arguments)
    }
}

/// The bytes of a file.
private func contents(of path: String) throws -> [UInt8] {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    try #require(file >= 0)
    defer { close(file) }
    return unsafe [UInt8](unsafeUninitializedCapacity: 1 << 20) { buffer, count in
        count = unsafe max(read(file, buffer.baseAddress, buffer.count), 0)
    }
}
