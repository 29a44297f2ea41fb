/// The issued codes, grants, refresh tokens and access tokens; codes and tokens are stored under their digests.
///
/// All tokens from one consent belong to one grant, the "family" of RFC 9700 section 4.14.2. Revoking a grant
/// invalidates all its tokens. Times are seconds since 1970 by the server's clock.
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
        /// Whether the authorization request had `redirect_uri`, so that the token request must have it (RFC 6749
        /// section 4.1.3).
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

    /// Stores the grant of a consent and returns its number.
    mutating func add(_ grant: Grant) -> Int {
        grants.append(grant)
        return grants.count - 1
    }

    mutating func kill(grant: Int) { grants[grant].isLive = false }

    /// The access token and its grant, if they are valid at `time`.
    func liveAccessToken(_ token: String, at time: Double) -> (AccessToken, Grant)? {
        guard let found = accessTokens[TokenDigest(token)], grants[found.grant].isLive, time < found.expiry
        else { return nil }
        return (found, grants[found.grant])
    }

    /// The fingerprints of the refresh tokens that are still valid.
    var liveRefreshTokens: [String] {
        refreshTokens.filter { !$0.value.isSpent && grants[$0.value.grant].isLive }.map(\.key.fingerprint).sorted()
    }

    /// The number of access tokens that are valid at `time`.
    func liveAccessTokenCount(at time: Double) -> Int {
        accessTokens.values.count { grants[$0.grant].isLive && time < $0.expiry }
    }
}
