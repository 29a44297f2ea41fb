import SecretService
import Secrets
import TestSupport
import Testing

let schema = ItemSchema(name: "org.example.Test", attributes: ["id": .string, "port": .integer])

@Suite struct FirstTests {
    @Test func `a stored secret is found`() async throws {
        try await PrivateSession.run { session in
            try await session.withKeyring(.unlocked) {
                await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                    session.enter()
                    let service = SecretService(mayPrompt: false)
                    try service.store(schema, attributes: ["id": "1", "port": "22"], label: "a", secret: Secret("x"))
                    let found = try service.search(schema, matching: ["id": "1"])
                    #expect(found.count == 1)
                    #expect(found.first?.secret == Secret("x"))
                }
            }
            try await session.withKeyring(.locked) {
                await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                    session.enter()
                    let service = SecretService(mayPrompt: false)
                    #expect(throws: SecretServiceError.locked) { try service.search(schema, matching: ["id": "1"]) }
                }
            }
        }
    }
}
