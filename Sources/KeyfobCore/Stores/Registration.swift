import Addresses
import FoundationEssentials
import OAuth
import Secrets

/// A ``ClientRegistration`` as stored in the Secret Service.
///
/// All of it is stored as a secret: the client secret, the registration token, and the client id, which no other program
/// needs.
struct Registration {
    /// The JSON in an item's secret. `version` changes when a reader of today could misread a later format.
    private struct Representation: Codable {
        var version = 1
        var issuer: String
        var clientId: String
        var clientSecret: String?
        var clientSecretExpiresAt: Int64?
        var tokenEndpointAuthMethod: String
        var redirectUris: [String]
        var registrationAccessToken: String?
        var registrationClientUri: String?
        var byPerson: Bool?
        var refused: Bool?
        var unusable: String?
    }

    let value: ClientRegistration

    init(_ value: ClientRegistration) {
        self.value = value
    }

    /// Reads the result of ``encoded()``. Returns nil for anything else and for a later version.
    init?(_ secret: Secret) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let decoded = try? decoder.decode(Representation.self, from: Data(secret.exposedBytes))
        guard let decoded, decoded.version == 1,
            let authentication = ClientAuthentication(rawValue: decoded.tokenEndpointAuthMethod)
        else { return nil }
        var value = ClientRegistration(
            issuer: decoded.issuer,
            client: Client(
                id: decoded.clientId, secret: decoded.clientSecret.map { Secret($0) }, authentication: authentication),
            redirectURIs: decoded.redirectUris, secretExpiresAt: decoded.clientSecretExpiresAt,
            registrationAccessToken: decoded.registrationAccessToken.map { Secret($0) },
            registrationClientURI: decoded.registrationClientUri.flatMap { try? EndpointURL($0) },
            isByPerson: decoded.byPerson ?? false)
        value.isRefused = decoded.refused ?? false
        value.unusableMember = decoded.unusable
        self.value = value
    }

    /// The secret to store.
    ///
    /// - Throws: errors of JSONEncoder, which do not occur with these types.
    func encoded() throws -> Secret {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        let data = try encoder.encode(
            Representation(
                issuer: value.issuer, clientId: value.client.id, clientSecret: value.client.secret?.exposedText,
                clientSecretExpiresAt: value.secretExpiresAt,
                tokenEndpointAuthMethod: value.client.authentication.rawValue, redirectUris: value.redirectURIs,
                registrationAccessToken: value.registrationAccessToken?.exposedText,
                registrationClientUri: value.registrationClientURI?.string, byPerson: value.isByPerson ? true : nil,
                refused: value.isRefused ? true : nil, unusable: value.unusableMember))
        return Secret(data)
    }
}
