import KeyfobCore
import SecretService

/// The session bus answers.
struct BusCheck: Check {
    let id = "bus"
    let limit = Duration.seconds(4)

    func look(_ context: CheckContext) throws -> Finding {
        if context.parts.store == .memory { return .keyringNotNeeded }
        do throws(SecretServiceError) {
            try context.keyring.connectToBus()
        } catch {
            if error.isMissingService, context.parts.store == .auto { return .keyringNotNeeded }
            context.notes.note { $0.keyringTrouble = id }
            guard case .timedOut(let seconds) = error else { throw error }
            return .failed(
                "the session bus does not answer within \(seconds) seconds", hints: ["log out and in again"],
                exitStatus: 69)
        }
        context.notes.note { $0.busAnswers = true }
        let isInEnvironment = context.busIsInEnvironment
        return .ok(
            isInEnvironment ? "answers" : "answers, at the socket in the runtime directory",
            ["in_environment": .truth(isInEnvironment)])
    }
}
