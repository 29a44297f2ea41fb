import KeyfobCore
import OAuth

extension FailureReport {
    init(oauth error: OAuthError) {
        switch error {
        case .refused(let host, let status, let code, let description):
            self.init(refusedBy: host, httpStatus: status, error: code, description: description)
        case .authorizationTimedOut(let seconds):
            self.init(
                "nobody signed in within \(Words.span(Int64(seconds)))", hint: "try again: keyfob login URL", status: 77
            )
        case .cancelled: self.init("the sign-in was cancelled", status: 77)
        case .listenerFailed(let reason):
            self.init(
                "cannot listen for the browser's answer: \(Words.printable(reason))",
                hint: "another program may hold the port of redirect_uri", status: 75)
        case .browserFailed(let reason): self.init("no browser: \(Words.printable(reason))", status: 77)
        default:
            if error.isTransient { self.init(temporary: error) } else { self.init(server: error) }
        }
    }

    /// What may well work in a while.
    private init(temporary error: OAuthError) {
        let keeps = "try again later; nothing was forgotten"
        let said =
            switch error {
            case .unreachable(let host, let reason): "cannot reach \(host): \(reason)"
            case .timedOut(let host, let seconds): "\(host) did not answer within \(seconds) seconds"
            case .untrusted(let host, let reason): "cannot trust \(host): \(reason)"
            case .tooLarge(let host, let limit): "\(host) sent more than \(limit) bytes"
            case .redirected(let host, let status):
                "\(host) redirects (HTTP \(status)), which an authorization server must not"
            case .unavailable(let host, let status, let retryAfter):
                "\(host) is not available (HTTP \(status))" + (retryAfter.map { ", try again in \($0) seconds" } ?? "")
            case .notJSON(let host, let type):
                "\(host) did not answer with JSON (\(type ?? "no content type")); is there a network sign-in page?"
            case .malformed(let host, let member): "\(host) sent an answer that cannot be used (\(member))"
            default: "\(error)"
            }
        self.init(Words.printable(said), hint: keeps, status: 75)
    }

    /// What a person has to mend, here or at the server.
    private init(server error: OAuthError) {
        let (said, status): (String, Int32) =
            switch error {
            case .metadataNotFound(let issuer): ("\(issuer) publishes no authorization server metadata", 78)
            case .issuerMismatch(let expected, let found):
                ("the metadata of \(expected) is of another issuer: \(found)", 78)
            case .invalidEndpoint(let member): ("the server's \(member) is not an https URL", 78)
            case .missingEndpoint(let member): ("the server announces no \(member)", 78)
            case .pkceUnsupported(let issuer): ("\(issuer) does not announce PKCE with S256", 78)
            case .unexpectedTokenType(let type):
                ("the server gave a token of type \(type) where Bearer was asked for", 77)
            case .unusableToken: ("the server gave a token with characters that no token may have", 77)
            case .responseIssuerMismatch(let expected, let found):
                ("the answer is not from \(expected) but from \(found ?? "an unnamed issuer")", 77)
            case .notTheRedirect: ("what was pasted is not the whole address on which the browser ended", 77)
            case .anotherLogin: ("the address that was pasted answers another sign-in; nothing was sent", 77)
            default: ("\(error)", 70)
            }
        self.init(Words.printable(said), hint: Self.mend(error), status: status)
    }

    private static func mend(_ error: OAuthError) -> String? {
        switch error {
        case .metadataNotFound: "set authorization_endpoint and token_endpoint in the configuration"
        case .issuerMismatch: "set issuer to exactly what the server calls itself, if you trust it"
        case .pkceUnsupported: "if the server supports it all the same, set pkce = \"assumed\""
        case .responseIssuerMismatch: "somebody may have tried to mix up two sign-ins; nothing was sent"
        case .notTheRedirect(let expected): "try again; the address begins with \(Words.printable(expected))?"
        case .anotherLogin: "try again, and sign in at the address that this attempt shows"
        default: nil
        }
    }

    /// An error that the authorization server has named (RFC 6749 sections 4.1.2.1 and 5.2).
    private init(refusedBy host: String, httpStatus: Int, error: String, description: String?) {
        let says = description.map { "; the server says: \"\(Words.printable($0))\"" } ?? ""
        let name = "\(Words.printable(host)) answered \(Words.printable(error))"
        switch error {
        case "invalid_grant":
            self.init(
                name + says, hint: "the code was used, late or meant for another client; check the clock and try again",
                status: 77)
        case "invalid_client", "unauthorized_client":
            self.init(
                name + says, hint: "check client_id in the configuration against the registration at the server",
                status: 78)
        case "invalid_scope":
            self.init(name + says, hint: "check scopes in the configuration", status: 78)
        case "access_denied":
            self.init("the sign-in was refused at \(Words.printable(host))" + says, status: 77)
        case "server_error", "temporarily_unavailable", "slow_down":
            self.init(name + says, hint: "try again later; nothing was forgotten", status: 75)
        default: self.init(name + says, status: httpStatus >= 500 ? 75 : 77)
        }
    }
}
