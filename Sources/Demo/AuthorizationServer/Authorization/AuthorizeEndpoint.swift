import Secrets

extension ServerState {
    /// The browser's cookie. It has a special name because all ports of 127.0.0.1 share their cookies.
    private static let cookieName = "authorization_server_browser"

    /// GET /authorize: the sign-in page, or a response at once.
    mutating func authorize(_ incoming: IncomingRequest) -> Reply {
        let request: AuthorizationRequest
        do {
            request = try authorizationRequest(incoming)
        } catch {
            return refuse(error)
        }
        if let error = configuration.authorizationError {
            return refuse(
                .redirect(
                    uri: request.redirectURI, state: request.state, error: error,
                    description: configuration.authorizationErrorDescription))
        }
        if let user = configuration.signsInAtOnceAs { return issueCode(request, user: user) }
        let cookie = incoming.cookies[Self.cookieName] ?? TokenDigest.random()
        let csrf = consents.open(request, cookie: cookie, now: now)
        var reply = Reply.page(SignInPage(request: request, csrf: csrf, note: configuration.signInNote).html)
        let path = configuration.issuerPath.isEmpty ? "/" : configuration.issuerPath
        reply.headers.append(
            ("Set-Cookie", "\(Self.cookieName)=\(cookie); Path=\(path); HttpOnly; SameSite=Strict"))
        return reply
    }

    /// POST /authorize: the form of the sign-in page.
    mutating func decide(_ incoming: IncomingRequest) -> Reply {
        let (csrf, cookie) = (incoming.form["csrf"], incoming.cookies[Self.cookieName])
        guard let request = consents.request(csrf: csrf, cookie: cookie, now: now) else {
            return .page(SignInPage.refusal("This form is not one of ours, or too old."), status: 403)
        }
        if incoming.form["decision"] == "deny" {
            consents.close(csrf: csrf)
            return refuse(
                .redirect(
                    uri: request.redirectURI, state: request.state, error: "access_denied",
                    description: "the person refused"))
        }
        guard let name = incoming.form["username"], let password = incoming.form["password"],
            configuration.users[name] == Secret(password)
        else {
            let page = SignInPage(
                request: request, csrf: csrf ?? "", note: configuration.signInNote, wasWrong: true)
            return .page(page.html, status: 403)
        }
        consents.close(csrf: csrf)
        return issueCode(request, user: name)
    }

    private mutating func issueCode(_ request: AuthorizationRequest, user: String) -> Reply {
        let scopes = request.scopes.filter { configuration.grantedScopes?.contains($0) ?? true }
        let grant = grants.add(
            GrantTable.Grant(
                clientID: request.client.id, user: user, scopes: scopes, resources: request.resources))
        let code = TokenDigest.random()
        grants.codes[TokenDigest(code)] = GrantTable.Code(
            grant: grant, redirectURI: request.redirectURI, redirectURIWasGiven: request.redirectURIWasGiven,
            challenge: request.challenge, expiry: now + Double(configuration.authorizationCodeLifetime))
        var answer = Parameters()
        answer.append("code", code)
        return redirect(to: request.redirectURI, state: request.state, answer)
    }

    private func refuse(_ refusal: AuthorizationRequest.Refusal) -> Reply {
        switch refusal {
        case .page(let text): return .page(SignInPage.refusal(text), status: 400)
        case .redirect(let uri, let state, let error, let description):
            var answer = Parameters()
            answer.append("error", error)
            answer.append("error_description", description)
            var reply = redirect(to: uri, state: state, answer)
            reply.error = error
            return reply
        }
    }

    /// The authorization response (RFC 6749 section 4.1.2), with `iss` (RFC 9207 section 2).
    private func redirect(to uri: String, state: String?, _ answer: Parameters) -> Reply {
        var answer = answer
        if let state { answer.append("state", state) }
        switch configuration.issuerParameter {
        case .own: answer.append("iss", issuer)
        case .other(let issuer): answer.append("iss", issuer)
        case .omitted: break
        }
        let query = configuration.changesResponse?(answer.encoded) ?? answer.encoded
        return .seeOther(uri + (uri.contains("?") ? "&" : "?") + query)
    }
}
