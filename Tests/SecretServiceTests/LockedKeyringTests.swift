import SecretService
import Secrets
import TestSupport
import Testing

/// A keyring that was not unlocked since its service started: its items have lost their schema, and their attributes
/// are hashes. A keyring that is locked while the service runs behaves differently.
@Suite(.timeLimit(.minutes(3))) struct `A locked keyring` {
    @Test func `is reported as locked, and its items do not count as absent`() async throws {
        try await inLockedSession { session in
            await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                enter(session)
                let service = SecretService(mayPrompt: false)
                #expect(throws: SecretServiceError.locked) { try service.search(.note, matching: ["id": "1"]) }
                #expect(throws: SecretServiceError.locked) { try service.delete(.note, exactly: storedAttributes) }
                #expect(throws: SecretServiceError.locked) {
                    try service.store(.note, attributes: storedAttributes, label: "", secret: Secret("new"))
                }
                #expect(throws: SecretServiceError.locked) { try service.probeWritable() }
            }
        }
    }

    @Test func `does not hide that an item is absent, and accepts no new one`() async throws {
        try await inLockedSession { session in
            await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                enter(session)
                let other = ["id": "2", "kind": "k", "number": "1"]
                let found = try SecretService.silent.search(.note, matching: other)
                #expect(found.isEmpty)
                let deleted = try SecretService.silent.delete(.note, exactly: other)
                #expect(!deleted)
                #expect(throws: SecretServiceError.locked) {
                    try SecretService.silent.store(.note, attributes: other, label: "", secret: Secret("new"))
                }
            }
        }
    }

    @Test func `has different errors if its prompt cannot be shown and if no prompt is allowed`() async throws {
        try await inLockedSession { session in
            await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                enter(session)
                let service = SecretService(mayPrompt: true)
                #expect(throws: SecretServiceError.promptDismissed) { try service.search(.note, matching: ["id": "1"]) }
                #expect(throws: SecretServiceError.promptDismissed) {
                    try service.store(.note, attributes: storedAttributes, label: "", secret: Secret("new"))
                }
                #expect(throws: SecretServiceError.promptDismissed) { try service.probeWritable() }
            }
        }
    }

    @Test func `is given up at the deadline of a prompt that nobody answers`() async throws {
        try await inLockedSession { session in
            try await session.withSilentOwner(of: "org.gnome.keyring.SystemPrompter") {
                await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                    enter(session)
                    let service = SecretService(
                        deadline: .seconds(10), promptDeadline: .milliseconds(1_500), mayPrompt: true)
                    let time = ContinuousClock().measure {
                        #expect(throws: SecretServiceError.promptUnanswered(seconds: 2)) {
                            try service.search(.note, matching: ["id": "1"])
                        }
                    }
                    #expect((.milliseconds(1_500) ... .seconds(9)).contains(time))
                }
                // GNOME Keyring 42 aborts when a prompt that is on the screen is dismissed.
                await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                    enter(session)
                    #expect(throws: SecretServiceError.locked) { try SecretService.silent.probeWritable() }
                }
            }
        }
    }

    @Test func `still has a session collection`() async throws {
        try await inLockedSession { session in
            await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                enter(session)
                let token = ["id": "token", "kind": "t", "number": "1"]
                try SecretService.silent.store(
                    .note, attributes: token, label: "", secret: Secret("t"), in: .session)
                #expect(try SecretService.silent.search(.note, matching: token).map(\.secret) == [Secret("t")])
                #expect(try SecretService.silent.delete(.note, exactly: token))
            }
        }
    }

    // The session collection must not be locked, because it is the fallback.
    @Test func `does not block access to an equal item in the session collection`() async throws {
        try await inLockedSession { session in
            await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                enter(session)
                let service = SecretService.silent
                #expect(throws: SecretServiceError.locked) { try service.search(.note, matching: storedAttributes) }
                for secret in [Secret("new"), Secret("newer")] {
                    try service.store(.note, attributes: storedAttributes, label: "", secret: secret, in: .session)
                    let found = try service.search(.note, matching: storedAttributes, in: .session)
                    #expect(found.map(\.secret) == [secret])
                }
                #expect(throws: SecretServiceError.locked) { try service.search(.note, matching: storedAttributes) }
                #expect(try service.delete(.note, exactly: storedAttributes, in: .session))
                let left = try service.search(.note, matching: storedAttributes, in: .session)
                #expect(left.isEmpty)
            }
        }
    }

    @Test func `writes nothing to standard error`() async throws {
        try await inLockedSession { session in
            let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
                [session = session as PrivateSession] in
                session.enter()
                for mayPrompt in [false, true] {
                    let service = SecretService(mayPrompt: mayPrompt)
                    #expect(throws: SecretServiceError.self) { try service.search(.note, matching: ["id": "1"]) }
                    #expect(throws: SecretServiceError.self) {
                        try service.store(.note, attributes: storedAttributes, label: "", secret: Secret("new"))
                    }
                }
            }
            #expect(result.map { String(decoding: $0.standardErrorContent, as: UTF8.self) } == "")
        }
    }
}

/// The attributes of the item in every locked keyring here.
private let storedAttributes = ["id": "1", "kind": "k", "number": "1"]

private func inLockedSession(_ body: (PrivateSession) async throws -> Void) async throws {
    try await PrivateSession.run { session in
        try await session.withKeyring(.unlocked) {
            await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                enter(session)
                try SecretService.silent.store(.note, attributes: storedAttributes, label: "", secret: Secret("s"))
            }
        }
        try await session.withKeyring(.locked) { try await body(session) }
    }
}
