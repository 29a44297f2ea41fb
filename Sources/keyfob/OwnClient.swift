import KeyfobCore
import OAuth
import Secrets

extension Composition {
    /// Makes a person's own client that of the account, and keeps it for the next time: its secret, if it has one, at once
    /// and in the keyring; its id with the person's approval.
    func use(
        _ id: String, _ secret: Secret?, for account: inout Account, _ approval: inout Configuration.Host?
    ) throws {
        let client = Client(id: id, secret: secret, authentication: secret == nil ? .none : .basic)
        if secret != nil {
            try registrations.save(
                ClientRegistration(
                    issuer: account.server.identifier, client: client, redirectURIs: [], isByPerson: true))
        }
        account.client = client
        var host = approval ?? Configuration.Host(service: account.service)
        if approval == nil, case .issuer = account.server {
            (host.server, host.reach) = (account.server, account.reach)
        }
        host.clientID = id
        approval = host
    }
}
