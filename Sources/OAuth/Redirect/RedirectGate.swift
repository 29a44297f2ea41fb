import Addresses
import Secrets

/// Decides about each request to the loopback listener of one login. Pure logic, without sockets and clocks.
///
/// There are four kinds of addresses:
/// - The *start* address is opened in the browser. It works once, sets a cookie, and redirects to the authorization
///   server. So the long authorization URL appears in no list of processes, and a code from another browser is
///   worthless here.
/// - The *callback* accepts the one valid response: with our state and our cookie.
/// - The *end* page, whose address contains no code, is where the browser stops. If the response comes twice, the page
///   for that has such an address too.
/// - All other addresses are answered and change nothing, so a forged request cannot end the login. A request there that
///   has our state is the server's response all the same, so the user is told about it.
struct RedirectGate: Sendable {
    /// The effect of a request on the login.
    enum Event: Sendable {
        /// The valid response came: the code, or the reason why there is no code.
        case answered(Result<Secret, OAuthError>)
        /// A response came that is no answer to this login, in the browser that was started for it. The login goes on.
        case remarked(OAuthError)
        /// The user sees the last page.
        case ended
    }

    let metadata: AuthorizationServerMetadata
    let authorizationAddress: String
    let state: Secret
    /// `127.0.0.1:43210`: the only accepted `Host`. Another one means that a foreign host name resolves to our
    /// address.
    let authority: String
    /// As the browser requests it: never empty.
    let callbackPath: String
    /// Lifetime of the cookie, in seconds.
    let lifetime: Int
    /// The purpose of the sign-in, as the pages show it.
    let purpose: BrowserPage.Purpose

    private let startNonce = RandomText.base64URL(bits: 128)
    // Cookies do not distinguish ports. The name keeps two parallel logins apart.
    private let cookieName = "keyfob_" + RandomText.base64URL(bits: 64)
    private let cookieValue = Secret(RandomText.base64URL(bits: 256))
    private var wasStarted = false
    private var outcome: Result<Secret, OAuthError>?
    /// What was last reported, and how often something may be reported: a page could fill the terminal.
    private var remarks: (last: OAuthError?, left: Int) = (nil, 5)

    init(
        metadata: AuthorizationServerMetadata, authorizationAddress: String, state: Secret, authority: String,
        callbackPath: String, lifetime: Int, service: String? = nil, account: String? = nil
    ) {
        self.metadata = metadata
        self.authorizationAddress = authorizationAddress
        self.state = state
        self.authority = authority
        self.callbackPath = callbackPath.isEmpty ? "/" : callbackPath
        self.lifetime = lifetime
        purpose = BrowserPage.Purpose(
            service: service, account: account, server: metadata.authorizationEndpoint.host)
    }

    /// The address to open.
    var startAddress: String { "http://\(authority)\(startPath)" }

    /// Whether the valid response has come.
    var isAnswered: Bool { outcome != nil }

    /// Answers one request.
    mutating func answer(_ request: LoopbackRequest) -> (LoopbackAnswer, Event?) {
        guard !request.isFromStranger else { return (.page(.notYours), nil) }
        if let address = ownSpelling(of: request) { return (.redirect(303, to: address), nil) }
        let (answer, event) = reply(to: request)
        guard event == nil, outcome == nil, answer.status >= 400, ["GET", "POST"].contains(request.method),
            !request.isPrefetch, request.contains(state)
        else { return (answer, event) }
        let isOurAddress = accepts(host: request.hosts) && request.pathAndQuery.map { isCallback($0.path) } == true
        guard isOurAddress || request.hosts.count != 1 else {
            let address = "http://\(request.hosts.first ?? "")\(request.pathAndQuery?.path ?? "")"
            return (answer, remark(.unusableResponse(.elsewhere(address: address))))
        }
        return (answer, request.method == "POST" ? remark(.unusableResponse(.unreadable)) : nil)
    }

    /// The callback's address for a response that came to another spelling of it, which has no cookie: another name of this
    /// machine, or more slashes. The request is our server's if it has our state.
    private func ownSpelling(of request: LoopbackRequest) -> String? {
        guard request.method == "GET", let (path, query) = request.pathAndQuery, request.contains(state),
            let host = request.hosts.first?.asciiLowercased, request.hosts.count == 1
        else { return nil }
        let port = authority.utf8.reversed().prefix { ASCII.isDigit($0) }.reversed()
        let names = ["127.0.0.1", "localhost", "[::1]"].map { $0 + ":" + String(decoding: port, as: UTF8.self) }
        let slashes = path.utf8.prefix { $0 == UInt8(ascii: "/") }.count
        let single = String(Substring(path.utf8.dropFirst(slashes - 1)))
        guard isCallback(single), accepts(host: [host]) ? slashes > 1 : names.holdsSame(as: host) else { return nil }
        return "http://\(authority)\(callbackPath)?\(query)"
    }

    private mutating func reply(to request: LoopbackRequest) -> (LoopbackAnswer, Event?) {
        guard accepts(host: request.hosts), let (path, query) = request.pathAndQuery
        else { return (.page(.foreign), nil) }
        guard !request.isTooLong else {
            return (.page(.tooLong), isOurs(request) ? remark(.unusableResponse(.tooLong)) : nil)
        }
        // Browsers send no cookie with the form of another site. They do with the request to which this leads.
        if let form = request.form, isCallback(path), query.isEmpty {
            return (.redirect(303, to: "http://\(authority)\(path)?\(form)"), nil)
        }
        guard request.method == "GET" else {
            var refusal = LoopbackAnswer.page(.notAllowed)
            refusal.fields["Allow"] = "GET, POST"
            return (refusal, nil)
        }
        let known = [startPath] + (outcome == nil ? [] : [endPath, usedPath])
        guard known.holdsSame(as: path) || isCallback(path) else { return (.page(.nothingHere), nil) }
        guard !request.isPrefetch else { return (.page(.fetchedAhead), nil) }

        switch path {
        case startPath: return (start(), nil)
        case usedPath: return (.page(.alreadyUsed(purpose)), nil)
        case endPath: return (endPage, .ended)
        default: return callback(request, query: query)
        }
    }

    /// Takes the address on which a browser ended, as the user pasted it (``PastedAddress``). Returns nil if there was an
    /// answer before.
    ///
    /// There is no cookie to check: by pasting, the user confirms the browser.
    ///
    /// - Throws: `notTheRedirect` if the text is no response on the redirect URI, `anotherLogin` if it belongs to
    ///   another login, `unusableResponse` if it is no answer. They change nothing.
    mutating func take(pasted: Secret) throws(OAuthError) -> Event? {
        var problems: [OAuthError] = []
        for query in PastedAddress(pasted, path: callbackPath).queries {
            let response = AuthorizationResponse(query: query)
            do throws(OAuthError) {
                try response.check(state: state)
            } catch {
                // An answer without a decision is a part of one: people and terminals cut addresses off.
                let isPart =
                    [.unusableResponse(.undecided), .unusableResponse(.unusableCode)].contains(error)
                    || error == .anotherLogin && response.isCutOff(in: state)
                problems.append(isPart ? .notTheRedirect(expected: callbackAddress) : error)
                continue
            }
            return outcome == nil ? decide(by: response) : nil
        }
        throw problems.first ?? .notTheRedirect(expected: callbackAddress)
    }

    private var callbackAddress: String { "http://\(authority)\(callbackPath)" }

    /// Whether `path` is that of the redirect URI. Some servers add a slash to it, or remove one.
    private func isCallback(_ path: String) -> Bool {
        ResourceIdentifier.withoutLastSlash(path).isSame(as: ResourceIdentifier.withoutLastSlash(callbackPath))
    }

    private var startPath: String { "/start/\(startNonce)" }
    private var endPath: String { isCallback("/done") ? "/end" : "/done" }
    private var usedPath: String { isCallback("/used") ? "/over" : "/used" }

    private func accepts(host values: [String]) -> Bool {
        values.count == 1 && authorities.holdsSame(as: values[0].asciiLowercased)
    }

    /// Our authorities as browsers write them: without port 80.
    private var authorities: [String] {
        authority.hasSuffix(":80") ? [authority, String(authority.dropLast(3))] : [authority]
    }

    private mutating func start() -> LoopbackAnswer {
        if wasStarted { return .page(.alreadyUsed(purpose)) }
        wasStarted = true
        let cookie = "\(cookieName)=\(cookieValue.exposedText ?? ""); \(attributes); Max-Age=\(lifetime)"
        return .redirect(302, to: authorizationAddress, cookie: cookie)
    }

    private mutating func callback(_ request: LoopbackRequest, query: String) -> (LoopbackAnswer, Event?) {
        let response = AuthorizationResponse(query: query)
        do throws(OAuthError) {
            try response.check(state: state)
        } catch {
            // Only our server knows the state, so this is its answer, and there will be no other one.
            if outcome == nil, isOurs(request), response.belongs(to: state) {
                return (
                    .redirect(303, to: "http://\(authority)\(endPath)", cookie: endOfCookie), end(with: .failure(error))
                )
            }
            guard outcome == nil, isOurs(request) else { return (.page(.notThisSignIn), nil) }
            guard response.hasAnyParameter else {
                return (.page(.emptyAnswer(purpose)), remark(.unusableResponse(.empty)))
            }
            let page = error == .anotherLogin ? BrowserPage.notThisSignIn : .unusableAnswer(purpose)
            return (.page(page), remark(error))
        }
        guard outcome == nil else { return (.redirect(303, to: "http://\(authority)\(usedPath)"), nil) }
        // The address keeps its query so that the user can paste it. Other programs cannot use its code.
        guard isOurs(request) else {
            return (.page(.otherBrowser(purpose)), remark(.unusableResponse(.anotherBrowser)))
        }
        return (.redirect(303, to: "http://\(authority)\(endPath)", cookie: endOfCookie), decide(by: response))
    }

    /// Ends the login with a response whose state was checked.
    private mutating func decide(by response: AuthorizationResponse) -> Event {
        end(with: Result { () throws(OAuthError) in try response.code(from: metadata) })
    }

    private mutating func end(with result: Result<Secret, OAuthError>) -> Event {
        outcome = result
        return .answered(result)
    }

    private var endOfCookie: String { "\(cookieName)=; \(attributes); Max-Age=0" }

    private mutating func remark(_ error: OAuthError) -> Event? {
        guard error != remarks.last, remarks.left > 0 else { return nil }
        remarks = (error, remarks.left - 1)
        return .remarked(error)
    }

    /// Whether the request comes from the browser that was started, and not from a script of another site.
    private func isOurs(_ request: LoopbackRequest) -> Bool {
        let cookies = request.cookies(cookieName)
        return cookies.count == 1 && Secret(cookies[0]) == cookieValue
            && request.values("origin").allSatisfy { $0.isSame(as: "http://\(authority)") }
    }

    /// `Lax`, not `Strict`: the callback is a navigation that another site started.
    private var attributes: String {
        let path = ResourceIdentifier.withoutLastSlash(callbackPath)
        return "Path=\(path.isEmpty ? "/" : path); HttpOnly; SameSite=Lax"
    }

    private var endPage: LoopbackAnswer {
        switch outcome {
        case .success?: .page(.approved(purpose))
        default: .page(.notSignedIn(purpose))
        }
    }
}
