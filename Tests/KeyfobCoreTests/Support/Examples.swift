import Addresses
import CredentialProtocol
import FoundationEssentials
import OAuth
import Secrets

@testable import KeyfobCore

extension Account {
    /// An account at git.example.com, whose tokens come from login.example.com.
    static func example(_ change: (inout Account) throws -> Void = { _ in }) throws -> Account {
        var account = Account(
            service: try ServiceURL("https://git.example.com"),
            server: .endpoints(
                AuthorizationServerMetadata(
                    authorizationEndpoint: try EndpointURL("https://login.example.com/authorize"),
                    tokenEndpoint: try EndpointURL("https://login.example.com/token"),
                    codeChallengeMethodsSupported: ["S256"])),
            client: Client(id: "keyfob"))
        account.scopes = ["read"]
        account.flow = .loopback
        account.loginDeadline = .seconds(20)
        try change(&account)
        return account
    }
}

extension Grant {
    /// The grant that a sign-in to `account` has stored.
    static func example(
        of account: Account, refreshToken: String? = "refresh-1", accessToken: String? = nil
    ) -> Grant {
        Grant(
            account: account.id, service: account.service.description, accountName: account.name, issuer: nil,
            tokenEndpoint: "https://login.example.com/token", revocationEndpoint: nil,
            client: account.client ?? Client(id: "registered"), scopes: account.scopes,
            requestedScopes: account.scopes, resource: account.resource, refreshToken: refreshToken.map { Secret($0) },
            accessToken: accessToken.map { Secret($0) }, grantedAt: 1_700_000_000)
    }
}

extension CredentialRequest {
    /// git's request for a service.
    static func git(
        _ host: String = "git.example.com", protocolName: String = "https", path: String? = nil,
        username: String? = nil, password: String? = nil
    ) -> CredentialRequest {
        CredentialRequest(
            protocolName: protocolName, host: host, path: path, username: username,
            password: password.map { Secret($0) })
    }
}
