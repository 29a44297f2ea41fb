package import Secrets

/// The server's settings: its users and clients, its lifetimes, and its deviations from the standards, which test how
/// careful a client is.
///
/// The defaults follow the standards. ``RunningServer/reconfigure(_:)`` changes the settings of a running server.
package struct AuthorizationServerConfiguration: Sendable {
    // MARK: Users and clients

    /// The registered clients; by default the demo's client.
    package var clients: [RegisteredClient]
    /// The users who can sign in: name and password.
    package var users: [String: Secret]
    /// The scopes that a client may request; a request without `scope` gets all of them (RFC 6749 section 3.3).
    package var scopes: [String]
    /// A line for the sign-in page, such as how to sign in to a demonstration; nil for none.
    package var signInNote: String?
    /// The bearer secret that a resource server sends to `/introspect` (RFC 7662 section 2.1); nil disables the
    /// endpoint.
    package var introspectionSecret: Secret?
    /// Whether and how clients may register themselves (RFC 7591).
    package var registration = RegistrationRules()
    /// The client authentication methods, in the order of the metadata.
    package var authenticationMethods = ClientAuthenticationMethod.allCases
    /// Whether authorization requests may or must be pushed (RFC 9126).
    package var pushedRequests = PushedRequestPolicy.off
    /// Whether and how users sign in with the device flow (RFC 8628).
    package var device = DeviceRules()
    /// The resources on the server's own origin that accept its tokens (RFC 9728).
    package var resources: [ProtectedResource] = []

    // MARK: Addresses

    /// The path of the issuer: empty, or for instance `/tenant`. Every endpoint is below it.
    package var issuerPath = ""
    /// The certificate of a server that speaks TLS; nil for plain HTTP. The choice between the two is made when the
    /// server starts to listen.
    package var certificate: ServerCertificate?

    // MARK: Lifetimes in seconds

    package var accessTokenLifetime = 3600
    package var authorizationCodeLifetime = 60

    // MARK: Refresh tokens

    /// Whether each refresh issues a new refresh token and invalidates the old one (RFC 9700 section 4.14.2). Without
    /// rotation the response to a refresh has no refresh token.
    package var rotates = true
    /// Whether the response to a refresh repeats the refresh token of the request, which then stays valid.
    package var repeatsRefreshToken = false
    /// Whether the reuse of a refresh token revokes all tokens of its grant.
    package var revokesFamilyOnReuse = true

    // MARK: Deviations

    /// Whether the metadata name `code_challenge_methods_supported`; S256 is required in either case.
    package var advertisesPKCE = true
    /// Whether the metadata announce `iss` in the authorization response (RFC 9207 section 3).
    package var advertisesIssuerParameter = true
    /// The value of `iss` in the authorization response.
    package var issuerParameter = IssuerParameter.own
    /// The `issuer` in the metadata, instead of the true one.
    package var announcedIssuer: String?
    /// Members that replace or add to those of the metadata; `.null` removes one.
    package var extraMetadata: [String: JSONValue] = [:]
    /// Whether `client_id` in the body counts as a second authentication method beside Basic.
    package var refusesClientIDBesideBasic = false
    /// Whether the halves of Basic credentials are form-decoded (RFC 6749 section 2.3.1).
    package var decodesBasic = true
    /// The `token_type` of each token response.
    package var tokenType = "Bearer"
    /// Members that replace or add to those of a token response; `.null` removes one.
    package var extraTokenMembers: [String: JSONValue] = [:]
    /// The error in the response to every valid authorization request (RFC 6749 section 4.1.2.1); nil for none.
    package var authorizationError: String?
    /// The description of that error.
    package var authorizationErrorDescription = "as configured"
    /// Returns the query with which the browser goes back, from the query that the standards require; nil for no change.
    package var changesResponse: (@Sendable (_ query: String) -> String)?
    /// The error in the response to an authorization request with this `prompt` (OpenID Connect Core section 3.1.2.1).
    package var refusedPrompts: [String: String] = [:]
    /// Whether a loopback redirect URI may have any port (RFC 8252 section 7.3); some servers match exactly.
    package var ignoresLoopbackPort = true
    /// The requested scopes that are granted; nil for all of them (RFC 6749 section 3.3).
    package var grantedScopes: Set<String>?
    /// The name of a user who counts as signed in and has agreed: the response comes at once, without a page.
    package var signsInAtOnceAs: String?

    package enum IssuerParameter: Sendable, Equatable {
        case own, omitted
        case other(String)
    }

    package enum PushedRequestPolicy: Sendable {
        case off, optional, required
    }

    package init(
        clients: [RegisteredClient] = [.demo],
        users: [String: Secret] = ["demo": Secret("demo")],
        scopes: [String] = ["read_repository", "write_repository"],
        signInNote: String? = nil,
        introspectionSecret: Secret? = nil
    ) {
        self.clients = clients
        self.users = users
        self.scopes = scopes
        self.signInNote = signInNote
        self.introspectionSecret = introspectionSecret
    }
}
