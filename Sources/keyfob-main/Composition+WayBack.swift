import Addresses
import CredentialProtocol
import KeyfobCore
import OAuth
import Secrets

extension Composition {
    /// The hint for a service with a sign-in whose authorization server no file names any more; nil without one.
    func wayBack(to service: ServiceURL) -> String? {
        let all = (try? grants.all()) ?? []
        guard let grant = all.first(where: { (try? ServiceURL($0.service))?.contains(service) == true }) else {
            return nil
        }
        return grant.issuer.map { issuer in
            let own = (try? registrations.own(issuer: issuer)) ?? []
            let isOurs = own.contains { $0.client.id.isSame(as: grant.client.id) }
            return Report.configure(grant.service, again: issuer, isOurs ? nil : grant.client.id)
        }
    }
}
