/// What was issued: codes, grants, refresh tokens, access tokens, each under its digest.
///
/// All tokens that stem from one consent are one grant, the "family" of RFC 9700 section 4.14.2; a dead grant takes all
/// of its tokens with it. Times are seconds since 1970 by the server's clock.
struct GrantTable: Sendable {
    struct Grant: Sendable {
        var clientID: String
        var user: String
        var scopes: [String]
        var resources: [String]
        var isLive = true
    }

    struct Code: Sendable {
        var grant: Int
        var redirectURI: String
        /// Whether the authorization request named the redirect URI, so that the token request must (RFC 6749 4.1.3).
        var redirectURIWasGiven: Bool
        var challenge: String
        var expiry: Double
        var isSpent = false
    }

    struct RefreshToken: Sendable {
        var grant: Int
        var isSpent = false
    }

    struct AccessToken: Sendable {
        var grant: Int
        var scopes: [String]
        var resources: [String]
        var issued: Double
        var expiry: Double
    }

    var grants: [Grant] = []
    var codes: [TokenDigest: Code] = [:]
    var refreshTokens: [TokenDigest: RefreshToken] = [:]
    var accessTokens: [TokenDigest: AccessToken] = [:]

    /// Records a consent and gives its number.
    mutating func add(_ grant: Grant) -> Int {
        grants.append(grant)
        return grants.count - 1
    }

    mutating func kill(grant: Int) { grants[grant].isLive = false }

    /// The access token if it is good at `time`.
    func liveAccessToken(_ token: String, at time: Double) -> (AccessToken, Grant)? {
        guard let found = accessTokens[TokenDigest(token)], grants[found.grant].isLive, time < found.expiry
        else { return nil }
        return (found, grants[found.grant])
    }

    /// The fingerprints of the refresh tokens that would still be honoured.
    var liveRefreshTokens: [String] {
        refreshTokens.filter { !$0.value.isSpent && grants[$0.value.grant].isLive }.map(\.key.fingerprint).sorted()
    }

    /// The number of access tokens that are good at `time`.
    func liveAccessTokenCount(at time: Double) -> Int {
        accessTokens.values.count { grants[$0.grant].isLive && time < $0.expiry }
    }
}
