import CredentialProtocol
import SecretService
import Secrets

/// What other programs keep in the person's keyring, in items of their own.
struct KeyringFindings {
    let items: any ItemStore

    private static let place = FoundCredential.Place(file: nil)

    // Git Credential Manager: `service` is a URL behind the name of a space (`git:https://example.com`), `account` the user
    // (git-ecosystem/git-credential-manager, SecretServiceCollection).

    private static let manager = ItemSchema(
        name: "com.microsoft.GitCredentialManager", attributes: ["service": .string, "account": .string])

    func manager(_ findings: inout Findings) throws(SecretServiceError) {
        // The name of the schema is all that its items have in common. What is locked has lost it.
        try items.probeWritable()
        for item in try items.search(Self.manager, matching: ["xdg:schema": Self.manager.name]) {
            guard let url = Self.url(item.attributes["service"] ?? ""), let account = item.attributes["account"],
                let request = CredentialRequest(found: Array(url.utf8), username: account, password: item.secret)
            else {
                findings.note(.malformed("an item with a URL and an account"), at: Self.place)
                continue
            }
            if Self.isRefreshToken(request) {
                findings.note(.refreshToken, at: Self.place)
            } else {
                findings.add(
                    FoundCredential(keeper: .manager, kind: .password, request: request, place: Self.place))
            }
        }
    }

    /// What stands behind the name of the space, which may be none.
    private static func url(_ service: String) -> Substring? {
        guard let scheme = service.utf8.firstRange(of: "://".utf8) else { return nil }
        let space = service.utf8[..<scheme.lowerBound].lastIndex(of: UInt8(ascii: ":"))
        return service[(space.map(service.utf8.index(after:)) ?? service.startIndex)...]
    }

    /// The names under which it keeps refresh tokens: of hosts that are none, or at a path that is none.
    private static func isRefreshToken(_ request: CredentialRequest) -> Bool {
        request.host.hasPrefix("oauth-refresh-token.") || request.host.hasPrefix("refresh_token.")
            || request.path?.split(separator: "/").last == "refresh_token"
    }

    // gh: `service` is `gh:HOST`, `username` the user; the one who is active is kept a second time, without a name
    // (cli/cli, zalando/go-keyring).

    private static let gh = ItemSchema(
        name: "org.freedesktop.Secret.Generic", attributes: ["service": .string, "username": .string])

    /// The token of a user at a host; of the active one where `user` is nil.
    func gh(host: String, user: String?) throws(SecretServiceError) -> Secret? {
        try items.search(Self.gh, matching: ["service": "gh:" + host, "username": user ?? ""])
            .first { $0.attributes["username"]?.isSame(as: user ?? "") == true }?.secret
    }
}
