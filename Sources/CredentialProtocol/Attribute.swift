/// The attributes that a request or a response may carry, by their names in the lines (protocol.md, section 4).
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
    case quit
    case wwwauth = "wwwauth[]"
    case state = "state[]"
    /// Read from callers, never written: git would read a `url` line as a new description that replaces the whole one.
    case url

    // Attributes that only callers other than git send (the line dialect).
    case scope
    case resource
    case minTTL = "min_ttl"
    case interaction
}
