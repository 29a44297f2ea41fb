import KeyfobCore
import SecretService

/// A program provides the Secret Service.
struct ProviderCheck: Check {
    let id = "provider"
    let needs = ["bus"]
    /// The bus may take 25 seconds to start it.
    let limit = Duration.seconds(30)

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
            return .ok(provider.kind.name ?? "a program provides the keyring; the system does not show which one")
        }
        let file = program.split(separator: "/").last.map(String.init) ?? program
        return .ok(provider.kind.name.map { "\($0) (\(file))" } ?? file, ["program": .text(program)])
    }
}
