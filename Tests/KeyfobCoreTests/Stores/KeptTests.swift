import Addresses
import CredentialProtocol
import FoundationEssentials
import OAuth
import SecretService
import Secrets
import TestSupport
import Testing

@testable import KeyfobCore

/// Items and approvals that keyfob 0.1.0 wrote in November 2026. Their secrets are placeholders. The registration at
/// 127.83.21.9 has the id and the redirect URI of an even older version.
@Suite struct `Items of an earlier version` {
    private struct Kept: Decodable {
        struct Item: Decodable {
            var label: String
            var attributes: [String: String]
            var secret: String
        }

        var approved: String
        var items: [Item]
    }

    private static let kept = Result {
        let tests = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let file = "/\(tests)/EndToEnd/Keyrings/kept_2026_11.json"
        return try JSONDecoder().decode(Kept.self, from: Data(contentsOf: URL(filePath: file)))
    }

    /// A keyring with the items.
    private static func keyring() throws -> InMemoryItemStore {
        let store = InMemoryItemStore()
        for item in try kept.get().items {
            var attributes = item.attributes
            let isOurs = attributes.removeValue(forKey: "xdg:schema") == GrantStore.schema.name
            try store.store(
                isOurs ? GrantStore.schema : PasswordStore.schema, attributes: attributes, label: item.label,
                secret: Secret(item.secret), in: .default)
        }
        return store
    }

    @Test(arguments: [("127.83.21.7", nil), ("127.83.21.8", nil), ("127.83.21.8", "work")] as [(String, String?)])
    func `a grant is found by the account of the approval`(_ host: String, _ name: String?) throws {
        let configuration = try TOMLConfiguration(try Self.kept.get().approved, file: "approved.toml").decode()
        let request = CredentialRequest.git("\(host):48999", protocolName: "http", path: "mcp")
        let directory = AccountDirectory(configuration: configuration, accountName: name)
        let account = try #require(try directory.configuredAccount(for: request))
        #expect(account.server.identifier == "http://\(host):48999")
        let grant = try #require(try GrantStore(items: Self.keyring()).grant(account: account.id))
        #expect(grant.accountName == name)
        #expect(grant.service == account.service.description)
        #expect(grant.tokenEndpoint == account.server.identifier + "/token")
        let secret = try #require(grant.refreshToken ?? grant.accessToken)
        #expect(secret.exposedText?.begins(with: "placeholder-") == true)
    }

    @Test(arguments: ["127.83.21.7", "127.83.21.9"])
    func `a registration is found by its issuer and its client`(_ host: String) throws {
        let store = RegistrationStore(items: try Self.keyring())
        let found = try #require(try store.registration(issuer: "http://\(host):48999", client: "marked"))
        #expect(found.client.secret?.exposedText?.begins(with: "placeholder-client-secret") == true)
        #expect(found.registrationClientURI?.string == "http://\(host):48999/register/marked")
        #expect(try store.own(issuer: "http://\(host):48999").map(\.client.id) == ["marked"])
    }

    @Test func `a password is found by host, port, path and user name`() throws {
        let store = PasswordStore(items: try Self.keyring())
        let alice = try store.password(for: .git("git.example.com", path: "team/project.git", username: "alice"))
        #expect(alice?.password.exposedText == "placeholder-password-1")
        let bob = try store.password(for: .git("git.example.com:8443"))
        #expect(bob?.username == "bob")
        #expect(bob?.passwordExpiryUTC == 4_102_444_800)
        #expect(bob?.oauthRefreshToken?.exposedText == "placeholder-oauth-refresh")
    }
}
