import KeyfobCore
import SecretService

/// A program provides the Secret Service.
struct ProviderCheck: Check {
    let id = "provider"
    let needs = ["bus"]
    let limit = Duration.seconds(4)

    func look(_ context: CheckContext) throws -> Finding {
        let provider: KeyringExamination.Provider
        do throws(SecretServiceError) {
            provider = try context.keyring.provider()
        } catch {
            if error.isMissingService, context.parts.store == .auto { return .keyringNotNeeded }
            context.notes.note { $0.keyringTrouble = id }
            throw error
        }
        guard let program = provider.program else {
            return .ok("a program provides the keyring; the system does not show which one")
        }
        let name = program.split(separator: "/").last.map(String.init) ?? program
        return .ok(name, ["program": .text(program)])
    }
}
