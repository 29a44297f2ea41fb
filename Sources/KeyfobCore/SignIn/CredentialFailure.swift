package import CredentialProtocol
package import OAuth
package import SecretService

/// Why an account has no token to give now. Facts, not words: the executable says them.
package enum CredentialFailure: Error, Sendable, Equatable {
    /// A person has to sign in and may not be asked: the caller declined, or nobody can be reached.
    case signInNeeded(service: ServiceURL, because: SignInReason)
    /// The person was asked by their desktop whether to sign in, and did not take that up; or is left alone about it.
    case notNow(service: ServiceURL, because: DesktopPrompt.Silence)
    /// The person, or the authorization server in the person's name, said no.
    case signInRefused(service: ServiceURL)
    /// The server answers for another account than the one asked for.
    case anotherAccount(asked: String, given: String)
    /// Another process has held this account's lock for too long.
    case busy(service: ServiceURL, seconds: Int)
    /// No account is configured for a service that somebody wants to sign in to.
    case notConfigured(service: ServiceURL)
    /// A URL names no service that keyfob can sign in to: it is neither https, nor http on a loopback host.
    case notAService(url: String)
    /// The service's metadata name no authorization server (RFC 9728 section 2).
    case noAuthorizationServer(service: ServiceURL)
    /// The service names another authorization server than the one it was signed in at, and nobody said yes to that.
    case issuerChanged(service: ServiceURL, from: String, to: String)
    /// The metadata of an authorization server that the service has named send the person, or secrets, to other hosts than
    /// the issuer's own, and the person has not agreed to that.
    case foreignHosts(service: ServiceURL, account: String?, issuer: String, hosts: OtherHosts)
    /// Nobody is registered with the issuer as keyfob, and keyfob cannot do it: a person has to.
    case clientNeeded(ClientNeeded)
    /// The person signed in, and these scopes, which had been asked for, were not granted.
    case scopesNotGranted(service: ServiceURL, scopes: [String])
    /// Nobody finished the sign-in, or somebody gave it up, at a server where keyfob had registered itself some time ago: it
    /// may be that the server no longer likes that registration, which it would say in the browser alone.
    case unanswered(service: ServiceURL, after: OAuthError)
    /// The server does not take the client that a person registered, or not its secret (RFC 6749 section 5.2): nobody but
    /// they can mend that.
    case clientRefused(service: ServiceURL, id: String, by: OAuthError)
    /// keyfob shall register again where it uses a client of the person's.
    case clientIsConfigured(service: ServiceURL, id: String)
    /// Several accounts are signed in at the service, and nobody said which.
    case whichAccount(service: ServiceURL, names: [String])
    /// The service has no account, and there is no Secret Service (no bus, no provider) that could hold a password.
    case noAccountAndNoKeyring(SecretServiceError)
    /// A new refresh token could be kept neither in the keyring nor in its in-memory collection.
    case grantNotSaved(service: ServiceURL)

    /// What a person has to register, and where.
    package struct ClientNeeded: Sendable, Equatable {
        package var service: ServiceURL
        /// The issuer, or the token endpoint.
        package var issuer: String
        /// The page on which the host registers applications, where it is known.
        package var page: String?
        package var redirectURI: String
        package var scopes: [String]
        /// What else is known of registering there, one line each.
        package var notes: [String]
        /// The ids of clients that the user has registered there for other services, or for this one before a logout.
        package var known: [String] = []

        package init(
            service: ServiceURL, issuer: String, page: String?, redirectURI: String, scopes: [String],
            notes: [String] = []
        ) {
            self.notes = notes
            self.service = service
            self.issuer = issuer
            self.page = page
            self.redirectURI = redirectURI
            self.scopes = scopes
        }
    }

    /// Why a person is needed.
    package enum SignInReason: Sendable, Equatable {
        /// Nobody has signed in yet.
        case noGrant
        /// The authorization server no longer takes the refresh token (`invalid_grant`).
        case grantRefused(description: String?)
        /// The same, after a refresh whose answer never arrived: the server may have replaced the refresh token in it.
        case answerLost
        /// The grant is not for these scopes; a refresh could only narrow it (RFC 6749 section 6).
        case scopesMissing([String])
        /// The service wants a stronger or a more recent sign-in than the last one (RFC 9470).
        case stepUp
        /// The server no longer takes the refresh token, and said so some time ago.
        case grantEnded
        /// The server no longer knows the client as which keyfob had registered itself (`invalid_client`).
        case clientForgotten
        /// The access token is at its end and came without a refresh token.
        case noRefreshToken
    }
}
