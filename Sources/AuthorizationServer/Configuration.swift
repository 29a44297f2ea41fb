package import Secrets

/// What the authorization server does: who may use it, how long things live, and where it departs from the straight
/// path so that a client's care can be tested.
///
/// The defaults are the straight path. A running server takes changes with ``RunningServer/reconfigure(_:)``.
package struct AuthorizationServerConfiguration: Sendable {
    // MARK: Who

    /// The clients that are registered; the default is the demo's.
    package var clients: [RegisteredClient]
    /// The people who can sign in: name and password.
    package var users: [String: Secret]
    /// What a client may ask for; a request without `scope` gets all of it (RFC 6749 section 3.3).
    package var scopes: [String]
    /// A line for the sign-in page, for instance how to sign in to a demonstration; nil for none.
    package var signInNote: String?
    /// The bearer secret that a resource server shows at `/introspect` (RFC 7662 section 2.1); nil closes the endpoint.
    package var introspectionSecret: Secret?
    /// Whether and how clients may register themselves (RFC 7591).
    package var registration = RegistrationRules()
    /// The ways in which a client may prove itself, in the order in which they are announced.
    package var authenticationMethods = ClientAuthenticationMethod.allCases
    /// Whether authorization requests may or must be pushed (RFC 9126).
    package var pushedRequests = PushedRequestPolicy.off
    /// Whether and how people sign in at another device (RFC 8628).
    package var device = DeviceRules()
    /// The resources on the server's own origin that take its tokens (RFC 9728).
    package var resources: [ProtectedResource] = []

    // MARK: Where

    /// The path of the issuer: empty, or for instance `/tenant`; every endpoint stands below it.
    package var issuerPath = ""
    /// What a server that speaks TLS shows; nil for one that speaks plain HTTP. Which of the two it is, is settled when it
    /// starts to listen.
    package var certificate: ServerCertificate?

    // MARK: How long, in seconds

    package var accessTokenLifetime = 3600
    package var authorizationCodeLifetime = 60

    // MARK: Refresh tokens

    /// Whether each refresh gives a new refresh token and spends the old one (RFC 9700 section 4.14.2). Without
    /// rotation the answer to a refresh carries no refresh token.
    package var rotates = true
    /// Whether the answer to a refresh repeats the refresh token that was sent; it then stays good.
    package var repeatsRefreshToken = false
    /// Whether a spent refresh token that comes back ends its whole family.
    package var revokesFamilyOnReuse = true

    // MARK: Departures

    /// Whether the metadata name `code_challenge_methods_supported`; S256 is demanded in either case.
    package var advertisesPKCE = true
    /// Whether the metadata say that `iss` comes with the authorization response (RFC 9207 section 3).
    package var advertisesIssuerParameter = true
    /// What the authorization response says in `iss`.
    package var issuerParameter = IssuerParameter.own
    /// The `issuer` of the metadata in place of the true one.
    package var announcedIssuer: String?
    /// Members that replace or join those of the metadata; `.null` removes one.
    package var extraMetadata: [String: JSONValue] = [:]
    /// The `token_type` of each token response.
    package var tokenType = "Bearer"
    /// Members that replace or join those of a token response; `.null` removes one.
    package var extraTokenMembers: [String: JSONValue] = [:]
    /// The error with which every authorization request that is in order is answered (RFC 6749 section 4.1.2.1); nil for
    /// none.
    package var authorizationError: String?
    /// What it says beside it.
    package var authorizationErrorDescription = "as configured"
    /// Whether a loopback redirect URI may have any port (RFC 8252 section 7.3); some servers match exactly.
    package var ignoresLoopbackPort = true
    /// Of the scopes that are asked for, those that are granted; nil: all of them (RFC 6749 section 3.3).
    package var grantedScopes: Set<String>?
    /// The name of the user who is taken to have signed in and agreed already: no page, the answer comes at once.
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
