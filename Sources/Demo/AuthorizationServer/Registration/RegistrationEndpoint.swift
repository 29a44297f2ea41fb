import Secrets

extension ServerState {
    /// POST /register (RFC 7591 section 3.1).
    mutating func register(_ request: IncomingRequest) -> Reply {
        guard configuration.registration.access == .open else {
            var reply = Reply.error("invalid_token", "registration needs an initial access token", status: 401)
            reply.headers.append(("WWW-Authenticate", "Bearer realm=\"registration\""))
            return reply
        }
        guard let members = request.json else {
            return .error("invalid_client_metadata", "the body is not a JSON object")
        }
        let asked: RequestedRegistration
        do {
            asked = try RequestedRegistration(members, configuration)
        } catch {
            return error.reply
        }
        let id = "client-" + TokenDigest.random().prefix(12)
        let registration = RegistrationTable.Registration(
            client: client(id, asked), metadata: asked.metadata, issued: Int64(now))
        registrations.registrations[id] = registration
        return reply(telling: id, accessToken: newRegistrationAccessToken(id), status: rules.successStatus)
    }

    /// GET, PUT and DELETE of /register/ID (RFC 7592 section 2), for the bearer of the registration access token.
    mutating func manageRegistration(_ id: String, _ request: IncomingRequest) -> Reply {
        guard let token = request.bearer, let found = registrations.registrations[id],
            found.accessToken == TokenDigest(token)
        else {
            var reply = Reply.error("invalid_token", "not the token of this registration", status: 401)
            reply.headers.append(("WWW-Authenticate", "Bearer realm=\"registration\", error=\"invalid_token\""))
            return reply
        }
        switch request.method {
        case "GET": return reply(telling: id, accessToken: token, status: 200)
        case "PUT": return change(id, found, request, token)
        case "DELETE":
            forgetClient(id)
            return .empty(204)
        default: return .empty(405)
        }
    }

    /// The request must hold all of the metadata and repeat the id (RFC 7592 section 2.2).
    private mutating func change(
        _ id: String, _ found: RegistrationTable.Registration, _ request: IncomingRequest, _ token: String
    ) -> Reply {
        guard var members = request.json, members["client_id"]?.text == id else {
            return .error("invalid_request", "client_id is missing or another's")
        }
        for name in ["client_id", "client_secret"] { members[name] = nil }
        do {
            let asked = try RequestedRegistration(members, configuration)
            registrations.registrations[id]?.client.redirectURIs = asked.redirectURIs
            registrations.registrations[id]?.metadata = asked.metadata
        } catch {
            return error.reply
        }
        let newest = rules.rotatesAccessToken ? newRegistrationAccessToken(id) : token
        return reply(telling: id, accessToken: newest, status: 200)
    }

    private var rules: RegistrationRules { configuration.registration }

    private func client(_ id: String, _ asked: RequestedRegistration) -> RegisteredClient {
        let hasSecret = asked.method != .none || rules.givesSecretToPublicClients
        var client = RegisteredClient(
            id: id, redirectURIs: asked.redirectURIs, secret: hasSecret ? Secret(TokenDigest.random()) : nil,
            name: asked.name, authenticationMethod: asked.method)
        client.secretExpiry = hasSecret ? rules.secretLifetime.map { Int64(now) + Int64($0) } : nil
        return client
    }

    private mutating func newRegistrationAccessToken(_ id: String) -> String {
        let token = TokenDigest.random()
        registrations.registrations[id]?.accessToken = TokenDigest(token)
        return token
    }

    /// The client information response (RFC 7591 section 3.2.1, RFC 7592 section 3).
    private func reply(telling id: String, accessToken: String, status: Int) -> Reply {
        guard let found = registrations.registrations[id] else { return .empty(404) }
        var members = found.metadata
        members["client_id"] = .string(id)
        members["client_id_issued_at"] = .integer(Int(found.issued))
        if let secret = found.client.secret?.exposedText {
            members["client_secret"] = .string(secret)
            members["client_secret_expires_at"] = .integer(Int(found.client.secretExpiry ?? 0))
        }
        if rules.isManaged {
            members["registration_access_token"] = .string(accessToken)
            members["registration_client_uri"] = .string("\(issuer)/register/\(id)")
        }
        return .json(JSONValue.merging(members, rules.extraMembers), status: status)
    }
}
