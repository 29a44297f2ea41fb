import Console
import KeyfobCore
import OAuth
import Secrets

/// The authorization server publishes its metadata, or keyfob knows its endpoints.
struct MetadataCheck: Check {
    let id = "metadata"
    let needs = ["issuer"]
    let limit = Duration.seconds(5)
    let condition = CheckCondition.service

    func look(_ context: CheckContext) async throws -> Finding {
        guard let account = context.notes.read({ $0.account }) else { return .nothingToCheck }
        switch account.server {
        case .endpoints(let metadata):
            context.notes.note { $0.metadata = metadata }
            return .ok(
                account.provider.map { "not needed: keyfob knows \($0.name)" }
                    ?? "not needed: the configuration names the endpoints")
        case .issuer:
            do {
                let transport = context.parts.transport(for: account)
                let metadata = try await account.serverMetadata(over: transport)
                context.notes.note { $0.metadata = metadata }
                return Self.finding(account, otherHosts: try account.hostsToAgreeTo(at: metadata))
            } catch {
                return context.failedRequest(error)
            }
        }
    }

    /// - Parameter otherHosts: hosts of endpoints to which the user has not agreed.
    static func finding(_ account: Account, otherHosts: [String]) -> Finding {
        guard !otherHosts.isEmpty else { return .ok("published, and of this issuer") }
        return .warning(
            "its endpoints are on other hosts, to which you have not agreed: "
                + otherHosts.map(Printable.text).joined(separator: ", "),
            hints: ["if you trust them, run in a terminal: \(Messages.login("--force", account.service))"])
    }
}
