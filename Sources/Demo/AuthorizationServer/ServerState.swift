import FoundationEssentials

/// The complete state of the server, with the endpoints as functions on it: from a request to a response, without
/// waiting.
struct ServerState: Sendable {
    var configuration: AuthorizationServerConfiguration
    /// `http://127.0.0.1:PORT`, known after the listener is bound.
    var origin: String
    var grants = GrantTable()
    var registrations = RegistrationTable()
    var consents = PendingConsents()
    var pushedRequests = PushedRequests()
    var devices: [TokenDigest: PendingDevice] = [:]
    var log: [LoggedRequest] = []
    var interceptor: AuthorizationServer.Interceptor?
    /// Seconds by which the server's clock is ahead of the system's.
    var clockOffset: Double = 0

    /// Seconds since 1970 by the server's clock.
    var now: Double { Date.now.timeIntervalSince1970 + clockOffset }

    /// The true issuer identifier (RFC 8414 section 2), whatever the metadata announce.
    var issuer: String { origin + configuration.issuerPath }

    /// Answers a request and adds it to the log.
    mutating func loggedReply(to request: IncomingRequest) -> Reply {
        let reply = reply(to: request)
        log.append(LoggedRequest(request, reply))
        return reply
    }

    /// Answers a request by its path; the endpoints are below the issuer.
    mutating func reply(to request: IncomingRequest) -> Reply {
        if metadataPaths.contains(request.path) { return allowing("GET", request) { $0.metadataReply() } }
        if let reply = resourceReply(to: request) { return reply }
        guard request.path.hasPrefix(configuration.issuerPath + "/") else { return .empty(404) }
        switch request.path.dropFirst(configuration.issuerPath.count) {
        case "/authorize":
            return request.method == "POST"
                ? decide(request) : allowing("GET", request, also: "POST") { $0.authorize(request) }
        case "/token": return allowing("POST", request) { $0.token(request) }
        case "/revoke": return allowing("POST", request) { $0.revoke(request) }
        case "/introspect" where configuration.introspectionSecret != nil:
            return allowing("POST", request) { $0.introspect(request) }
        case "/par" where configuration.pushedRequests != .off:
            return allowing("POST", request) { $0.push(request) }
        case "/device_authorization" where configuration.device.isOffered:
            return allowing("POST", request) { $0.authorizeDevice(request) }
        case "/register" where configuration.registration.access != .off:
            return allowing("POST", request) { $0.register(request) }
        case let place where place.hasPrefix("/register/") && configuration.registration.isManaged:
            return manageRegistration(String(place.dropFirst("/register/".count)), request)
        default: return .empty(404)
        }
    }

    /// Answers 405 unless the request has this method (RFC 9110 section 15.5.6).
    private mutating func allowing(
        _ method: String, _ request: IncomingRequest, also other: String? = nil, _ body: (inout ServerState) -> Reply
    ) -> Reply {
        guard request.method != method else { return body(&self) }
        var refusal = Reply.empty(405)
        refusal.headers.append(("Allow", ([method] + (other.map { [$0] } ?? [])).joined(separator: ", ")))
        return refusal
    }
}
