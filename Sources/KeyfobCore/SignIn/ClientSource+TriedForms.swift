import OAuth

/// Servers that use up a code before they look at the form of the client's secret.
extension ClientSource {
    /// The client, with a form for its secret with which no sign-in has begun in vain. After each form has had its turn, it
    /// is the first one again.
    func beginning(_ client: Client, issuer: String, supported: [String]?) -> Client {
        guard client.secret != nil, !client.isFormChosen else { return client }
        let tried = triedForms.recall(Self.name(client, issuer))
        guard tried.contains(client.authentication),
            let next = client.authentication.others(among: supported).first(where: { !tried.contains($0) })
        else { return client }
        var client = client
        client.authentication = next
        return client
    }

    /// Notes that a sign-in that began with this form of the client's secret was in vain.
    func noteTried(_ client: Client, issuer: String) {
        guard client.secret != nil, !client.isFormChosen else { return }
        let name = Self.name(client, issuer)
        let tried = triedForms.recall(name)
        if !tried.contains(client.authentication) { triedForms.remember(name, tried + [client.authentication]) }
    }

    /// The name of the client in the memory.
    static func name(_ client: Client, _ issuer: String) -> String {
        Account.digest(["forms", issuer, client.id])
    }
}
