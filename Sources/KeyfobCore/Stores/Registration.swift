import Addresses
import JSON
import OAuth
import Secrets

/// A ``ClientRegistration`` as stored in the Secret Service.
///
/// All of it is stored as a secret: the client secret, the registration token, and the client id, which no other program
/// needs.
struct Registration {
    /// The version of the JSON in an item's secret. It changes when a reader of today could misread a later format.
    private static let version: Int64 = 1

    let value: ClientRegistration

    init(_ value: ClientRegistration) {
        self.value = value
    }

    /// Reads the result of ``encoded``. Returns nil for anything else and for a later version.
    init?(_ secret: Secret) {
        guard let read = JSON.parse(secret.exposedBytes), read["version"]?.integer == Self.version,
            let issuer = read["issuer"]?.text, let client = read["client_id"]?.text,
            let addresses = read["redirect_uris"]?.texts,
            let method = read["token_endpoint_auth_method"]?.text,
            let authentication = ClientAuthentication(rawValue: method)
        else { return nil }
        func hidden(_ name: String) -> Secret? { read[name]?.text.map { Secret($0) } }
        var value = ClientRegistration(
            issuer: issuer,
            client: Client(id: client, secret: hidden("client_secret"), authentication: authentication),
            redirectURIs: addresses, secretExpiresAt: read["client_secret_expires_at"]?.integer,
            registrationAccessToken: hidden("registration_access_token"),
            registrationClientURI: read["registration_client_uri"]?.text.flatMap { try? EndpointURL($0) },
            isByPerson: read["by_person"]?.truth ?? false)
        value.isRefused = read["refused"]?.truth ?? false
        value.unusableMember = read["unusable"]?.text
        self.value = value
    }

    /// The secret to store.
    var encoded: Secret {
        let client = value.client
        let text = JSON.object([
            "version": .integer(Self.version), "issuer": .string(value.issuer), "client_id": .string(client.id),
            "client_secret": client.secret?.exposedText.map(JSON.string),
            "client_secret_expires_at": value.secretExpiresAt.map(JSON.integer),
            "token_endpoint_auth_method": .string(client.authentication.rawValue),
            "redirect_uris": .texts(value.redirectURIs),
            "registration_access_token": value.registrationAccessToken?.exposedText.map(JSON.string),
            "registration_client_uri": value.registrationClientURI.map { .string($0.string) },
            "by_person": value.isByPerson ? .bool(true) : nil, "refused": value.isRefused ? .bool(true) : nil,
            "unusable": value.unusableMember.map(JSON.string),
        ])
        return Secret(text.compact)
    }
}
