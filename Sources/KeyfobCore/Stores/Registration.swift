import FoundationEssentials
import OAuth
import Secrets

/// A ``ClientRegistration`` as it rests in the Secret Service.
///
/// All of it is secret: client secret and registration token of course, and the client id because only who registered
/// has a use for it.
struct Registration {
    /// The JSON of an item's secret. `version` is raised when a reader of today could misunderstand.
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
    }

    let value: ClientRegistration

    init(_ value: ClientRegistration) {
        self.value = value
    }

    /// Reads what ``encoded()`` wrote; nil for anything else, and for a later version.
    init?(_ secret: Secret) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let decoded = try? decoder.decode(Representation.self, from: Data(secret.exposedBytes))
        guard let decoded, decoded.version == 1,
            let authentication = ClientAuthentication(rawValue: decoded.tokenEndpointAuthMethod)
        else { return nil }
        value = ClientRegistration(
            issuer: decoded.issuer,
            client: Client(
                id: decoded.clientId, secret: decoded.clientSecret.map { Secret($0) }, authentication: authentication),
            redirectURIs: decoded.redirectUris, secretExpiresAt: decoded.clientSecretExpiresAt,
            registrationAccessToken: decoded.registrationAccessToken.map { Secret($0) },
            registrationClientURI: decoded.registrationClientUri.flatMap { try? EndpointURL($0) },
            isByPerson: decoded.byPerson ?? false)
    }

    /// The secret to be kept.
    ///
    /// - Throws: only what JSONEncoder throws, which it does not for these types.
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
                registrationClientUri: value.registrationClientURI?.string, byPerson: value.isByPerson ? true : nil))
        return Secret(data)
    }
}
