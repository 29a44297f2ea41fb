/// The attributes that a request or a response may carry, by the names that stand in the lines (protocol.md, section 4).
package enum Attribute: String, Sendable, CaseIterable {
    case capability = "capability[]"
    case authtype
    case credential
    case ephemeral
    case protocolName = "protocol"
    case host
    case path
    case username
    case password
    case oauthRefreshToken = "oauth_refresh_token"
    case passwordExpiryUTC = "password_expiry_utc"
    case `continue`
    case wwwauth = "wwwauth[]"
    case state = "state[]"
    /// Understood from callers, never written: git would take it for a whole new description.
    case url

    // What callers that are not git may add (the line dialect).
    case scope
    case resource
    case minTTL = "min_ttl"
    case interaction
}
