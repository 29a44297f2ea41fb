/// The pushed authorization requests (RFC 9126), each under the digest of its `request_uri`.
struct PushedRequests: Sendable {
    struct Entry: Sendable {
        var request: AuthorizationRequest
        var expiry: Double
    }

    /// The prefix in the example of RFC 9126 section 2.2.
    static let prefix = "urn:ietf:params:oauth:request_uri:"
    /// The lifetime of a pushed request in seconds.
    static let lifetime = 60

    private var entries: [TokenDigest: Entry] = [:]

    /// Stores a request and returns its `request_uri`.
    mutating func add(_ request: AuthorizationRequest, now: Double) -> String {
        entries = entries.filter { now < $0.value.expiry }
        let uri = Self.prefix + TokenDigest.random()
        entries[TokenDigest(uri)] = Entry(request: request, expiry: now + Double(Self.lifetime))
        return uri
    }

    /// Removes and returns a request: it is valid once (section 4), and only for the client that pushed it.
    mutating func take(_ uri: String, client: String?, now: Double) -> AuthorizationRequest? {
        guard let entry = entries[TokenDigest(uri)], entry.request.client.id == client, now < entry.expiry
        else { return nil }
        entries[TokenDigest(uri)] = nil
        return entry.request
    }
}

extension ServerState {
    /// POST /par (RFC 9126 section 2.1): the authorization request of an authenticated client.
    mutating func push(_ request: IncomingRequest) -> Reply {
        guard let client = authenticatedClient(request) else { return Self.invalidClient }
        guard request.form["request_uri"] == nil else {
            return .error("invalid_request", "request_uri is for browsers")
        }
        var form = request.form
        if form["client_id"] == nil { form.append("client_id", client.id) }
        do {
            let pushed = try AuthorizationRequest(form, configuration) { self.client($0) }
            let uri = pushedRequests.add(pushed, now: now)
            let lifetime = JSONValue.integer(PushedRequests.lifetime)
            return .json(["request_uri": .string(uri), "expires_in": lifetime], status: 201)
        } catch {
            switch error {
            case .page(let text): return .error("invalid_request", text)
            case .redirect(_, _, let code, let text): return .error(code, text)
            }
        }
    }

    /// The authorization request of a browser: from its query, or a pushed one by its `request_uri`.
    mutating func authorizationRequest(
        _ incoming: IncomingRequest
    ) throws(AuthorizationRequest.Refusal) -> AuthorizationRequest {
        if configuration.pushedRequests != .off, let uri = incoming.query["request_uri"] {
            guard let pushed = pushedRequests.take(uri, client: incoming.query["client_id"], now: now) else {
                throw .page("This request is not known, or too old.")
            }
            return pushed
        }
        let request = try AuthorizationRequest(incoming.query, configuration) { client($0) }
        guard configuration.pushedRequests != .required else {
            throw .redirect(
                uri: request.redirectURI, state: request.state, error: "invalid_request",
                description: "requests have to be pushed")
        }
        return request
    }
}
