package import Secrets

/// The values that keyfob writes into `state[]` beside an access token (git-credential(1)). The caller sends them back.
///
/// git gives the values back with `store` and `erase`, and with a second `get` after an answer with `continue`. By that
/// second `get`, git says that the service refused the token.
package struct TokenState: Sendable, Equatable {
    /// The id of the account whose access token the answer has.
    package var account: String
    /// The serial of a remembered access token; nil if the server has just issued the token. Then a refusal is final.
    package var serial: String?

    package init(account: String, serial: String?) {
        self.account = account
        self.serial = serial
    }

    /// The state of the refused token with which the caller comes back; nil for a first question.
    package init?(refusedIn request: CredentialRequest) {
        func value(_ name: String) -> String? {
            request.state.last { $0.hasPrefix(name) }.map { String($0.dropFirst(name.count)) }
        }
        guard let account = value(Self.accountName), let serial = value(Self.serialName) else { return nil }
        self.init(account: account, serial: serial)
    }

    /// The values for the answer.
    var values: [String] { [Self.accountName + account] + (serial.map { [Self.serialName + $0] } ?? []) }

    private static let accountName = "keyfob:account="
    private static let serialName = "keyfob:token="
}

extension CredentialResponse {
    /// The answer with an access token.
    ///
    /// A remembered token may have been revoked. So if the caller can come back within the same command, the answer says
    /// that it may. It says so only once: after a second refusal, the caller must end.
    ///
    /// - Parameters:
    ///   - username: the user name that the service wants with a token.
    ///   - expiresAt: in seconds since 1970; nil if unknown.
    package init(
        accessToken: Secret, username: String?, expiresAt: Int64?, state: TokenState, to request: CredentialRequest
    ) {
        let mayComeBack = state.serial != nil && TokenState(refusedIn: request) == nil
        self.init(
            username: username ?? request.username ?? "oauth2", password: accessToken, passwordExpiryUTC: expiresAt,
            authtype: "Bearer", ephemeral: true, continue: mayComeBack,
            state: (mayComeBack ? state : TokenState(account: state.account, serial: nil)).values)
    }
}
