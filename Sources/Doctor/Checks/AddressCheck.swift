import Addresses
import CredentialProtocol
import OAuth

/// The host of the service has an address.
struct AddressCheck: Check {
    let id = "address"
    let needs = ["configuration"]
    let follows = ["proxy"]
    let limit = Duration.seconds(5)
    let condition = CheckCondition.service

    func look(_ context: CheckContext) async throws -> Finding {
        guard let service = context.request?.url else { return .nothingToCheck }
        if context.notes.read({ $0.proxy }) != nil { return .ok("the proxy resolves the name") }
        let count = try await SystemNameResolution.addresses(of: service.host).count
        return .ok(count == 1 ? "the host has an address" : "the host has \(count) addresses")
    }
}
