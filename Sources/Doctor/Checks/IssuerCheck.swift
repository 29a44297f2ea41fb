import Addresses
import CredentialProtocol
import KeyfobCore

/// keyfob knows the authorization server of the service.
struct IssuerCheck: Check {
    let id = "issuer"
    let needs = ["configuration", "proxy", "authorities"]
    let limit = Duration.seconds(5)
    let condition = CheckCondition.service

    func look(_ context: CheckContext) async throws -> Finding {
        guard let request = context.request, let configured = context.notes.read({ $0.configured }) else {
            return .nothingToCheck
        }
        let (account, found): (Account, ServerFinder.Finding?)
        do {
            (account, found) = try await configured.serviceApproval.accountByName(for: request, anew: false)
        } catch {
            return context.failedRequest(error)
        }
        context.notes.note { $0.account = account }
        let source = context.parts.issuerSource(account, context.host, found)
        var details: [String: Finding.Detail] = [
            "service": .text(account.service.description), "issuer": .text(account.server.identifier),
        ]
        details["source"] = source.map { .text($0.word) }
        return .ok(account.server.identifier + (source.map { "  (\($0.words))" } ?? ""), details)
    }
}
