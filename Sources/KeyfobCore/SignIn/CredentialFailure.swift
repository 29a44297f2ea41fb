package import Addresses
package import OAuth
package import SecretService

/// Why there is no token now. It holds facts; the executable has the messages.
package enum CredentialFailure: Error, Sendable, Equatable {
    /// The user has to sign in, and keyfob may not or cannot ask.
    case signInNeeded(service: ServiceURL, account: String? = nil, because: SignInReason)
    /// The desktop asked the user and got no yes, or does not ask again yet.
    case notNow(service: ServiceURL, because: DesktopPrompt.Silence)
    /// The server refreshes no token now, and a retry may succeed later.
    case refreshFailed(service: ServiceURL, account: String? = nil, by: OAuthError)
    /// Another process got no token while this one waited for its result.
    case holderFailed(service: ServiceURL, account: String?)
    /// The user said no, to keyfob or to the authorization server, or that server did.
    ///
    /// - Parameter by: the server's words.
    case signInRefused(service: ServiceURL, by: String? = nil)
    /// Another process asked the user while this one waited, and got no sign-in.
    case declinedElsewhere(service: ServiceURL, account: String?, AccountLock.Decline)
    /// The user signed in, but the server gave no token for the code, which cannot be used again.
    case codeSpent(service: ServiceURL, account: String?, by: OAuthError, hasSecret: Bool = false)
    /// The server wants scopes, and none are configured; with some that it lists.
    case scopesNeeded(service: ServiceURL, scopes: [String], by: OAuthError)
    /// Another user than the named one signed in.
    case anotherAccount(service: ServiceURL, asked: String, given: String)
    /// Another process holds this account's lock for too long.
    ///
    /// - Parameter holder: the process, if the system shows it.
    case busy(service: ServiceURL, seconds: Int, holder: Int32? = nil)
    /// The service is not configured.
    case notConfigured(service: ServiceURL)
    /// The service is not configured, and its authorization server cannot be found now because of `by`.
    case serverNotFound(service: ServiceURL, by: OAuthError)
    /// The server has registered keyfob as the client `id`, and no keyring has stored that.
    ///
    /// - Parameter isDeleted: whether the server has deleted the registration again.
    case registrationNotSaved(service: ServiceURL, issuer: String, id: String, isDeleted: Bool, by: SecretServiceError)
    /// keyfob cannot sign in at this URL: it is neither https, nor http on a loopback host.
    case notAService(url: String)
    /// The service names another authorization server than at the last sign-in, and the user did not accept it.
    case issuerChanged(service: ServiceURL, from: String, to: String)
    /// The service has named an authorization server whose metadata send the user or secrets to other hosts, and the user did
    /// not accept them.
    case foreignHosts(service: ServiceURL, account: String?, issuer: String, hosts: OtherHosts)
    /// The user has to register a client with the issuer: keyfob has none and cannot register itself.
    case clientNeeded(ClientNeeded)
    /// The user signed in, and the server did not grant these requested scopes.
    case scopesNotGranted(service: ServiceURL, scopes: [String])
    /// The caller may only have a token with no more than these scopes, and the server gives none.
    case notNarrowed(service: ServiceURL, scopes: [String])
    /// The user did not finish the sign-in, and keyfob's registration is from an earlier one. The server may have refused that
    /// registration, which it would show only in the browser.
    case unanswered(service: ServiceURL, after: OAuthError)
    /// The user did not finish a sign-in that requested `prompt=consent` with `offline_access`. The server may not support
    /// that, which it would show only in the browser.
    case unansweredConsent(service: ServiceURL, after: OAuthError, isAdded: Bool)
    /// The server refuses the client that the user has registered, or its secret (RFC 6749 section 5.2).
    case clientRefused(service: ServiceURL, id: String, by: OAuthError, hasSecret: Bool = true)
    /// The server refuses the client as which it has registered keyfob, in each form in which keyfob can send its secret if
    /// it has one.
    case registrationRefused(service: ServiceURL, by: OAuthError, hasSecret: Bool = false)
    /// The metadata ask for something that the server does not do. The lines name the endpoints without it, in the entry of
    /// the service in the configuration.
    case metadataUnusable(service: ServiceURL, lines: [String], by: OAuthError)
    /// keyfob cannot register again, because the account uses a client that the user has registered.
    case clientIsConfigured(service: ServiceURL, id: String)
    /// The user names the client `wanted` for a sign-in, but the configuration names another one, in a file or, if there is
    /// none, in git's settings. No caller would find the sign-in.
    case otherClient(service: ServiceURL, id: String, wanted: String, file: String?, line: Int?)
    /// Several accounts are signed in at the service, and the request names none.
    case whichAccount(service: ServiceURL, names: [String])
    /// The service has no account, and there is no Secret Service (no bus, no provider) that could have a password.
    case noAccountAndNoKeyring(SecretServiceError)
    /// Neither the keyring nor its in-memory collection stored a new refresh token.
    case grantNotSaved(service: ServiceURL, by: SecretServiceError?)

    /// The client that the user has to register, and the page for it.
    package struct ClientNeeded: Sendable, Equatable {
        package var service: ServiceURL
        /// The issuer, or the token endpoint.
        package var issuer: String
        /// The host's page for registering applications, if it is known.
        package var page: String?
        package var redirectURI: String
        package var scopes: [String]
        /// Further facts about registering there, one line each.
        package var notes: [String]
        /// The ids of clients that the user has registered there, for other services or before a logout.
        package var known: [String] = []
        /// Whether the server is known to give each client a secret that it needs.
        package var wantsSecret = false
        package var reason = Reason.closed

        /// Why keyfob has no client there of its own.
        package enum Reason: Sendable, Equatable {
            /// The server does not let keyfob register itself.
            case closed
            /// The server has an objection to the registration that keyfob asked for.
            case refused(by: OAuthError)
            /// The server does not register keyfob now. That may be temporary, or not.
            case failing(by: OAuthError)
            /// The server has made a client that keyfob cannot use because of this member; without an error, at an earlier
            /// sign-in.
            case unusable(member: String, by: OAuthError? = nil)
        }

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

    /// Why the user has to sign in.
    package enum SignInReason: Sendable, Equatable {
        /// The user has not signed in yet.
        case noGrant
        /// The request names a user, and the sign-ins at the service are those of others.
        ///
        /// - Parameter hasUnnamed: whether there is also one without a name.
        case otherUser(named: String, signedIn: [String], hasUnnamed: Bool = false)
        /// The authorization server no longer takes the refresh token (`invalid_grant` and others).
        case grantRefused(description: String?)
        /// The authorization server refused the refresh, and did not say that the refresh token is dead.
        case refreshRefused(by: OAuthError)
        /// The same, after a refresh whose answer was lost: it may have had a new refresh token.
        case answerLost
        /// The grant lacks these scopes, and a refresh cannot add any (RFC 6749 section 6).
        case scopesMissing([String])
        /// The service requires a stronger or more recent sign-in (RFC 9470).
        case stepUp
        /// The server refused the refresh token some time ago.
        case grantEnded
        /// The server refused the client as which it has registered keyfob (`invalid_client`). That says nothing about the
        /// refresh token, which is kept.
        case clientForgotten
        /// The server no longer gives tokens for this resource, at least not for a refresh (`invalid_target`). A sign-in with
        /// the same resource would last as long as one access token.
        case resourceRefused(String)
        /// The access token has expired and came without a refresh token, although these scopes were requested.
        ///
        /// - Parameter isForWantOfScope: whether another scope may get one.
        case noRefreshToken(scopes: [String], isForWantOfScope: Bool = true)
    }
}

extension CredentialFailure {
    /// Whether the user said no to this sign-in, now or a short while ago.
    package var isAnswerOfUser: Bool {
        switch self {
        case .signInRefused, .notNow(_, because: .dismissed), .notNow(_, because: .quiet),
            .declinedElsewhere(_, _, .refused), .declinedElsewhere(_, _, .dismissed):
            true
        default: false
        }
    }

    /// Whether a retry may succeed later.
    package var isTransient: Bool {
        switch self {
        case .serverNotFound: true
        case .clientNeeded(let needed): if case .failing = needed.reason { true } else { false }
        default: false
        }
    }

    /// The user has to sign in to `account`.
    package static func needsSignIn(_ account: Account, because reason: SignInReason) -> CredentialFailure {
        .signInNeeded(service: account.service, account: account.name, because: reason)
    }
}
