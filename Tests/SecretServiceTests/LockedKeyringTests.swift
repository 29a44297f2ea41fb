import SecretService
import Secrets
import TestSupport
import Testing

/// A keyring that was not unlocked since its service started: its items have lost their schema, and show their
/// attributes as hashes. A keyring that is locked while the service runs does not behave so.
@Suite(.timeLimit(.minutes(3))) struct `A locked keyring` {
    @Test func `is reported, and what it holds is not taken for absent`() async throws {
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

    @Test func `does not hide that an item is absent, and takes no new one`() async throws {
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

    @Test func `whose prompt cannot be shown is told from one that we may not prompt for`() async throws {
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

    @Test func `whose prompt nobody answers is given up at the prompt's deadline`() async throws {
        try await inLockedSession { session in
            try await session.withSilentOwner(of: "org.gnome.keyring.SystemPrompter") {
                await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                    enter(session)
                    let service = SecretService(
                        deadline: .seconds(10), promptDeadline: .milliseconds(1_500), mayPrompt: true)
                    let time = ContinuousClock().measure {
                        #expect(throws: SecretServiceError.timedOut(seconds: 2)) {
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

    // A refuge behind a lock would be none.
    @Test func `does not keep anybody from an item of the same attributes in the session collection`() async throws {
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

    @Test func `says nothing on standard error`() async throws {
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

/// Of the item that every locked keyring here holds.
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
