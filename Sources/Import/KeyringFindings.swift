import CredentialProtocol
import KeyfobCore
import SecretService
import Secrets

/// The credentials that other programs keep in the user's keyring, in items of their own.
struct KeyringFindings {
    let items: any ItemStore

    private static let place = FoundCredential.Place(file: nil)

    // Git Credential Manager: `service` is a URL after the name of a namespace (`git:https://example.com`), and
    // `account` is the user (git-ecosystem/git-credential-manager, SecretServiceCollection).

    private static let manager = ItemSchema(
        name: "com.microsoft.GitCredentialManager", attributes: ["service": .string, "account": .string])

    func manager(_ findings: inout Findings) throws(SecretServiceError) {
        // Its items share only the name of the schema. Locked items do not show it, so the keyring is unlocked first.
        try items.probeWritable()
        for item in try items.search(Self.manager, matching: ["xdg:schema": Self.manager.name]) {
            guard let url = Self.url(item.attributes["service"] ?? ""), let account = item.attributes["account"],
                let request = CredentialRequest(found: Array(url.utf8), username: account, password: item.secret)
            else {
                findings.note(
                    .malformed("an item with a URL and an account"),
                    at: .init(file: nil, entry: item.attributes["service"]))
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

    /// The URL after the name of the namespace, which may be missing.
    static func url(_ service: String) -> Substring? {
        guard let scheme = service.utf8.firstRange(of: "://".utf8) else { return nil }
        let space = service.utf8[..<scheme.lowerBound].lastIndex(of: UInt8(ascii: ":"))
        return service[(space.map(service.utf8.index(after:)) ?? service.startIndex)...]
    }

    /// Whether this is the name of a refresh token: the manager stores those under a made-up host or path.
    static func isRefreshToken(_ request: CredentialRequest) -> Bool {
        request.host.hasPrefix("oauth-refresh-token.") || request.host.hasPrefix("refresh_token.")
            || request.path?.split(separator: "/").last == "refresh_token"
    }

    // gh: `service` is `gh:HOST`, and `username` is the user. The active user's token is stored a second time, without
    // a user name (cli/cli, zalando/go-keyring).

    private static let gh = ItemSchema(
        name: "org.freedesktop.Secret.Generic", attributes: ["service": .string, "username": .string])

    /// The token of a user at a host, or of the active user if `user` is nil.
    func gh(host: String, user: String?) throws(SecretServiceError) -> Secret? {
        try items.search(Self.gh, matching: ["service": "gh:" + host, "username": user ?? ""])
            .first { $0.attributes["username"]?.isSame(as: user ?? "") == true }?.secret
    }
}
