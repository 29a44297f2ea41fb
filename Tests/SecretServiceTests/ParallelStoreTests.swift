import SecretService
import Secrets
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct `Programs that store at once` {
    @Test func `20 that store the same item leave one`() async throws {
        try await inUnlockedSession { session in
            await withTaskGroup { group in
                for number in 0..<20 {
                    group.addTask {
                        await #expect(processExitsWith: .success) {
                            [session = session as PrivateSession, number = number as Int] in
                            enter(session)
                            let attributes = ["id": "1", "kind": "k", "number": "1"]
                            try SecretService.silent.store(
                                .note, attributes: attributes, label: "", secret: Secret("\(number)"))
                        }
                    }
                }
            }
            await #expect(processExitsWith: .success) { [session = session as PrivateSession] in
                enter(session)
                let found = try SecretService.silent.search(.note, matching: ["id": "1"])
                #expect(found.count == 1)
                let secrets = (0..<20).map { Secret("\($0)") }
                #expect(found.allSatisfy { secrets.contains($0.secret) })
            }
        }
    }
}
