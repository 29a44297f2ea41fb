import Addresses
import Console
import CredentialProtocol
import KeyfobCore
import OAuth

extension Report {
    init(oauth error: OAuthError) {
        switch error {
        case .metadataNotFound(_, let answers):
            if let explanation = error.explanation { self.init(oauth: explanation) } else { self.init(server: error) }
            let explanation = error.explanation
            if explanation?.isTransient == true, explanation?.mayStayForEver == true {
                hints += Self.mend(error).enumerated().map { $0 == 0 ? Self.lasting($1) : $1 }
            }
            hints = answers.map(Self.words) + hints
        case .refused(let host, let status, let code, let description):
            self.init(refusedBy: host, httpStatus: status, error: code, description: description)
        case .authorizationTimedOut(let seconds):
            self.init(
                "the sign-in was not finished within \(Messages.span(Int64(seconds)))",
                hint: "try again: keyfob login URL",
                status: 77
            )
        case .codeExpired(let seconds):
            self.init(
                "the code has expired: the server allowed \(Messages.span(Int64(seconds)))",
                hint: "try again: keyfob login URL", status: 77)
        case .codeSpent(let error): self.init(oauth: error)
        case .malformed(let host, let member) where error.isForGood:
            self.init(
                "\(host) sent an invalid answer (\(member))",
                hint: Self.mendInOneLine(.invalidEndpoint(member: "authorization_servers")), status: 78)
        case .cancelled: self.init("the sign-in was cancelled", status: 77)
        case .listenerFailed(let reason):
            self.init(
                "cannot listen for the browser's answer: \(Messages.printable(reason))",
                hint: "another program may be using the port of redirect_uri", status: 75)
        // It may be temporary, or the user may have to change something; only the user can tell.
        case .addressTooNear: self.init(server: error)
        case .untrusted(let host, let reason): self.init(untrusted: host, because: reason)
        case .settingsUnknown(let reason, let mend): self.init(Messages.printable(reason), hint: mend, status: 78)
        case .browserFailed(let reason):
            self.init(
                "cannot start a browser: \(Messages.printable(reason))",
                hint: "in the foreground of a terminal, run: keyfob login --flow paste URL", status: 77)
        case .endpointFailed(let member, let url, let cause):
            let report = Report(oauth: cause)
            self.init(
                "the \(member), \(Messages.printable(url)), does not work: \(report.message)",
                status: cause.isTransient ? 75 : 78)
            hints = cause.isTransient ? report.hints : []
            hints += Self.mend(.missingEndpoint(member: member))
        default:
            if error.isTransient { self.init(temporary: error) } else { self.init(server: error) }
        }
    }

    static let nothingDeleted = "try again later; nothing was deleted"

    /// Failures that may be temporary.
    private init(temporary error: OAuthError) {
        let said =
            switch error {
            case .unreachable(let host, let reason): "cannot reach \(host): \(reason)"
            case .proxyRefused(_, let proxy, _, wantsPassword: true):
                "the proxy \(proxy) wants a user name and a password, or does not accept those that it got"
            case .proxyRefused(let host, let proxy, _, _): "the proxy \(proxy) opens no connection to \(host)"
            case .answerLost(let host): "\(host) closed the connection before it had answered"
            case .notHTTP(let host): "\(host) did not answer with HTTP that keyfob can read"
            case .timedOut(let host, let seconds): "\(host) did not answer within \(seconds) seconds"
            case .tooLarge(let host, let limit): "\(host) sent more than \(limit) bytes"
            case .redirected(let host, let status):
                "\(host) sent a redirect (HTTP \(status)), which keyfob does not follow"
            case .unavailable(let host, let status, let retryAfter):
                "\(host) is not available (HTTP \(status))"
                    + (retryAfter.map { $0 > 0 ? ", try again in " + Messages.span(Int64($0)) : "" } ?? "")
            case .heldBack(let host, let seconds):
                "\(host) has asked for a pause, try again in \(Messages.span(Int64(seconds)))"
            case .notJSON(let host, let type):
                "\(host) did not answer with JSON (\(type ?? "no content type")); is there a network sign-in page?"
            case .malformed(let host, let member): "\(host) sent an invalid answer (\(member))"
            default: "\(error)"
            }
        self.init(Messages.printable(said), hint: Self.nothingDeleted, status: 75)
        if case .unreachable(_, OAuthError.nameNotFound) = error {
            hints.insert("check the spelling of the host, and whether this machine is online", at: 0)
        }
        if case .proxyRefused(let host, _, let setting, let wantsPassword) = error {
            hints = [
                wantsPassword
                    ? "write them into \(setting), percent-encoded, as USER:PASSWORD and an at sign before the host of the proxy"
                    : "check the spelling of the host, and ask who runs the proxy to allow \(Messages.whole(host))",
                "if this machine reaches \(Messages.whole(host)) without the proxy, add it to no_proxy",
                Self.nothingDeleted,
            ]
        }
    }

    /// Failures that need a change, here or at the server.
    private init(server error: OAuthError) {
        let (said, status): (String, Int32) =
            switch error {
            case .metadataNotFound(let issuer, _): ("\(issuer) publishes no authorization server metadata", 78)
            case .issuerMismatch(let expected, let found):
                ("the metadata of \(expected) belongs to another issuer: \(found)", 78)
            case .invalidEndpoint("issuer"):
                ("the server's issuer is not a complete https URL without user name, query and fragment", 78)
            case .invalidEndpoint(let member):
                ("the server's \(member) is not a complete https URL without user name and fragment", 78)
            case .addressTooNear(let host, let resource):
                ("\(resource) points to \(host), which is on this machine or in a private network", 78)
            case .missingEndpoint(let member): ("the server announces no \(member)", 78)
            case .pkceUnsupported(let issuer): ("\(issuer) does not announce PKCE with S256", 78)
            case .unexpectedTokenType(let type):
                ("the server issued a token of type \(type); keyfob supports only Bearer", 77)
            case .unusableToken: ("the server issued no access token, or one with invalid characters", 77)
            case .invalidIDToken(let member):
                ("the server's id_token does not prove who signed in (\(member)); nothing was stored", 77)
            case .responseIssuerMismatch(let expected, let found?):
                ("the answer is not from \(expected) but from \(found)", 77)
            case .responseIssuerMismatch(let expected, nil):
                ("the answer does not name its issuer, although \(expected) announces that its answers do", 77)
            case .notTheRedirect: ("the pasted text is not the whole address on which the browser ended", 77)
            case .anotherLogin: ("the answer that came belongs to another sign-in; nothing was sent", 77)
            case .unusableResponse(let problem): (Self.words(response: problem), 77)
            case .resourceMismatch, .resourceMetadataElsewhere, .bearerHeaderUnsupported, .proofOfPossessionRequired:
                (Self.words(resource: error), 78)
            case .registrationClosed, .redirectChanged, .unsupportedClientAuthentication, .registrationKept,
                .invalidClientMetadataDocument:
                (Self.words(registration: error), 78)
            default: ("\(error)", 70)
            }
        self.init(Messages.printable(said), status: status)
        hints = Self.mend(error)
    }

    /// Where to write settings of the service.
    static let inEntry = "for \(HintedCommand.entry) in the configuration"

    /// Says to write lines into the entry of a service.
    static func write(_ lines: [String], into entry: String = HintedCommand.entry) -> String {
        let file =
            Environment.configurationFiles.first.map { "into " + Messages.whole($0) } ?? "into the configuration"
        return "write \(file): \(entry), and in the next lines " + lines.dropLast().joined(separator: ", ")
            + " and " + (lines.last ?? "")
    }

    /// Says how the user names the authorization server of a service.
    static let serverByHand =
        "if you know the authorization server, set issuer = \"https://...\" with its address \(inEntry)"

    private static func mend(_ error: OAuthError) -> [String] {
        let endpoints = [
            "authorization_endpoint = \"https://...\"", "token_endpoint = \"https://...\" with their addresses",
        ]
        let client =
            "then register a client there with the redirect URI \(RedirectTemplate.loopback.uri(port: nil)), and run: "
            + "keyfob login --client-id ID URL"
        switch error {
        case .metadataNotFound, .invalidEndpoint("issuer"), .invalidEndpoint("authorization_endpoint"),
            .invalidEndpoint("token_endpoint"),
            .missingEndpoint("authorization_endpoint"), .missingEndpoint("token_endpoint"):
            return ["if you know its endpoints, " + write(endpoints), client]
        case .issuerMismatch(_, let found) where (try? EndpointURL(found)).map({ $0.query == nil }) != true:
            return [
                "no client may use that name of the server, and its operator can correct it; until then, if you know its "
                    + "endpoints, " + write(endpoints), client,
            ]
        case .resourceMismatch(let requested, _, let server): return trust(server, of: requested)
        default:
            let hints = [mendInOneLine(error)].compactMap { $0 }
            guard let other = error.otherSpelling else { return hints }
            let issuer = "issuer = \"\(Messages.whole(other.issuer))\""
            let trusting = "but if only the slash differs because the server writes its name in two ways, "
            return hints
                + (other.isAccepted
                    ? [trusting + "set \(issuer) \(inEntry)", "then run: keyfob login URL"]
                    : [trusting + write([issuer] + endpoints), client])
        }
    }

    /// The lines for a service whose metadata are those of another resource. The token is only for this service: otherwise
    /// one service could get the token of another. And the server may not be nearer to this machine than the service.
    private static func trust(_ server: String?, of resource: String) -> [String] {
        let issuer =
            server.map { "issuer = \"\(Messages.whole($0))\"" } ?? "issuer = \"https://...\" with its address"
        let lines = [issuer, "reach = \"service\"", "resource = \"\(Messages.whole(resource))\""]
        return [
            "nothing was sent; only if you know that this is its authorization server, "
                + write(server == nil ? Array(lines.dropFirst()) + [issuer] : lines),
            "then run: keyfob login URL",
        ]
    }

    private static func mendInOneLine(_ error: OAuthError) -> String? {
        switch error {
        case .missingEndpoint("device_authorization_endpoint"):
            "sign in with any browser instead: keyfob login --flow paste URL"
        case .missingEndpoint("authorization_servers"), .invalidEndpoint("authorization_servers"):
            serverByHand
        case .missingEndpoint, .invalidEndpoint: "to see what the server supports: keyfob doctor URL"
        case .unexpectedTokenType:
            "register a client there that gets Bearer tokens, then run: keyfob login --client-id ID URL"
        case .unusableToken: "to sign in again: keyfob login URL"
        case .issuerMismatch(_, let found):
            "if you trust the server, set issuer = \"\(Messages.whole(found))\" \(inEntry)"
        case .pkceUnsupported: "if the server supports it anyway, set pkce = \"assumed\" \(inEntry)"
        case .invalidIDToken("exp"), .invalidIDToken("iat"): "check the clock of this machine"
        case .invalidIDToken: "to sign in without an id_token, set scopes without openid \(inEntry)"
        case .responseIssuerMismatch: "somebody may have tried to mix up two sign-ins; nothing was sent"
        case .notTheRedirect(let expected):
            "paste the whole address of the page, not the code alone; it begins with \(Messages.whole(expected))"
        case .unusableResponse(.noState): "paste the whole address of the page, with its state"
        case .unusableResponse(.anotherBrowser): "if that was you, paste the whole address of its page here"
        case .unusableResponse(.empty):
            "if the address of its page has a # sign, paste the whole address here"
        case .unusableResponse(.tooLong): "keyfob reads 16384 bytes of it; its server's operator can make it shorter"
        // No hint proposes that address: it may be the one of another issuer, whose answer it is then.
        case .unusableResponse(.elsewhere): "somebody may have tried to mix up two sign-ins; nothing was sent"
        case .unusableResponse(.repeated), .unusableResponse(.undecided), .unusableResponse(.unusableCode):
            "to try again: keyfob login URL"
        case .anotherLogin, .unusableResponse: "try again, and sign in at the address that this attempt shows"
        case .addressTooNear:
            "nothing was sent or deleted; a network with a sign-in page can cause this; if you trust this "
                + "service, " + serverByHand
        case .resourceMetadataElsewhere: "nothing was sent; " + serverByHand
        case .registrationClosed, .redirectChanged, .unsupportedClientAuthentication:
            "register a client there yourself with the redirect URI \(RedirectTemplate.loopback.uri(port: nil)), then run: "
                + "keyfob login --client-id ID URL"
        case .registrationKept: "keyfob has forgotten it; you can delete it at the server"
        case .invalidClientMetadataDocument: "set client_metadata_document to https://HOST/PATH, or leave it out"
        default: nil
        }
    }

    /// The answer of one location of the metadata.
    static func words(_ answer: MetadataAnswer) -> String {
        let said =
            switch answer.answer {
            case .status(let status): "HTTP \(status)"
            case .failure(let error): Report(oauth: error).message
            }
        return "\(Messages.printable(answer.location)): \(said)"
    }

    private static func words(resource error: OAuthError) -> String {
        switch error {
        case .resourceMismatch(let requested, let found, _):
            "the metadata of \(requested) describe another resource: \(found)"
        case .resourceMetadataElsewhere(let resource, let found):
            "\(resource) says that its metadata are at \(found), which is not its own host"
        case .bearerHeaderUnsupported(let resource): "\(resource) does not accept tokens in the Authorization field"
        case .proofOfPossessionRequired(let resource):
            "\(resource) accepts only tokens with a proof of possession (DPoP), which keyfob does not support"
        default: "\(error)"
        }
    }

    private static func words(response problem: AuthorizationResponse.Problem) -> String {
        switch problem {
        case .noState(let error?):
            "an answer came without the state of this sign-in, so it may be anybody's; its error is \(error)"
        case .noState(nil): "an answer came without the state of this sign-in, so it may be anybody's"
        case .empty: "the browser came back without an answer"
        case .tooLong: "the browser came back with an address that is too long for keyfob"
        case .repeated(let parameter): "the server's answer has the parameter \(parameter) twice"
        case .undecided: "the server's answer has not exactly one of code and error"
        case .unusableCode: "the server's answer has a code with invalid characters"
        case .anotherBrowser: "the answer came in a browser that keyfob did not start"
        case .elsewhere(let address): "the answer came to another address than the redirect URI: \(address)"
        case .unreadable: "the answer came in a form that keyfob does not read"
        }
    }

    private static func words(registration error: OAuthError) -> String {
        switch error {
        case .registrationClosed(let host, let status): "\(host) does not accept new registrations (HTTP \(status))"
        case .redirectChanged(let host, let wanted, let given):
            "\(host) registered other redirect URIs than \(wanted): "
                + (given.isEmpty ? "none" : given.joined(separator: ", "))
        case .unsupportedClientAuthentication(let method):
            "the server registered keyfob with the authentication method \(method), which keyfob does not support"
        case .registrationKept(let host, let status):
            "\(host) did not change or delete the registration (HTTP \(status))"
        case .invalidClientMetadataDocument(let url): "\(url) cannot be the URL of a client id metadata document"
        default: "\(error)"
        }
    }

    /// The hint for a client whose secret the server refuses in each form that keyfob tries.
    static func otherForm(_ entry: String) -> String {
        "if it has a secret that is right, the server may want it in another form: set client_authentication to "
            + "\"client_secret_basic\", \"client_secret_post\", \"plain_basic\" or \"none\" for \(entry) in the configuration"
    }

    /// A server's own words, at the end of a message.
    static func says(_ words: String) -> String { "; the server says: \"\(Messages.printable(words))\"" }

    /// How the words of a server begin in a message that ends with them.
    static let beginningsOfServersWords = ["; the server says: ", " (it says: "]

    /// An error code from the authorization server (RFC 6749 sections 4.1.2.1 and 5.2).
    private init(refusedBy host: String, httpStatus: Int, error: String, description: String?) {
        let says = description.map(Self.says) ?? ""
        let name = "\(Messages.printable(host)) answered \(Messages.printable(error))"
        switch error {
        case "invalid_grant", "bad_verification_code":  // the second is GitHub's, with status 200
            self.init(
                name + says,
                hint: "the code was already used, has expired, or is for another client; check the clock", status: 77)
            hints.append("then run: keyfob login URL")
        case "redirect_uri_mismatch", "invalid_redirect_uri":
            self.init(
                name + says,
                hint: "set redirect_uri to the one that is registered at the server, \(Self.inEntry)", status: 78)
        case _ where OAuthError.refusesClient(error, description):
            self.init(
                name + says,
                hint: "compare the client id with the registration at the server; for another one, run: "
                    + "keyfob login --client-id ID URL", status: 78)
            hints.append(Self.otherForm(HintedCommand.entry))
        case _ where OAuthError.refusesResource(error, description):
            self.init(
                name + says, hint: "set resource = false \(Self.inEntry), or a resource that the server knows",
                status: 78)
        case "invalid_scope":
            self.init(
                name + says,
                hint:
                    "name scopes that the server knows, with --scope or as scopes \(Self.inEntry); with scopes = [] and "
                    + "without --scope the server chooses them",
                status: 78)
        case "access_denied":
            self.init(
                "the sign-in was refused at \(Messages.printable(host))" + says,
                hint: "to try again: keyfob login --force URL", status: 77)
        case "login_required", "interaction_required", "consent_required", "account_selection_required":
            self.init(
                name + says,
                hint: "sign in at \(Messages.printable(host)) in your browser, then try again: "
                    + "keyfob login --force URL",
                status: 77)
        case "unsupported_response_type":
            self.init(
                name + says,
                hint: "register a client there that may use authorization codes, then run: "
                    + "keyfob login --client-id ID URL", status: 78)
        // The second is GitHub's for a client whose settings do not allow it.
        case "unsupported_grant_type", "device_flow_disabled":
            self.init(
                name + says,
                hint: "if it does not offer the device flow, sign in with any browser: keyfob login --flow paste URL",
                status: 77)
            hints.append("to see what the server supports: keyfob doctor URL")
        case _ where OAuthError.isTemporary(error):
            self.init(name + says, hint: Self.nothingDeleted, status: 75)
        default:
            self.init(name + says, hint: "to try again: keyfob login URL", status: httpStatus >= 500 ? 75 : 77)
            hints.append("to see what the server supports: keyfob doctor URL")
            if error == "invalid_request" {
                hints.append(
                    "if that does not end, the server may not know resources: set resource = false \(Self.inEntry)")
            }
        }
    }
}
