import FoundationEssentials
import Secrets

extension ServerState {
    /// The authenticated client of a request to the token or revocation endpoint, or nil. A public client sends
    /// `client_id` in the body; a client with a secret uses Basic, or `client_secret` in the body (RFC 6749 section
    /// 2.3.1). A client with a fixed method must use that one.
    func authenticatedClient(_ request: IncomingRequest) -> RegisteredClient? {
        let basic = request.authorization.map { Self.basicCredentials($0, decodes: configuration.decodesBasic) }
        guard basic.map({ $0 != nil }) ?? true else { return nil }
        // Only one method is allowed (RFC 6749 section 2.3); `client_id` in the body as well is not a second method.
        let inBody = request.form["client_id"]
        guard let id = basic??.id ?? inBody, inBody ?? id == id else { return nil }
        if configuration.refusesClientIDBesideBasic, basic != nil, inBody != nil { return nil }
        guard let client = client(id) else { return nil }
        let inForm = request.form["client_secret"].map { Secret($0) }
        let method = client.authenticationMethod
        switch method == ClientAuthenticationMethod.none ? configuration.registration.wantedProof ?? method : method {
        case nil: return client.secret == basic??.secret ?? inForm ? client : nil
        case .some(.none): return basic == nil && inForm == nil ? client : nil
        case .basic: return inForm == nil && proves(client, basic??.secret) ? client : nil
        case .post: return basic == nil && proves(client, inForm) ? client : nil
        }
    }

    /// Whether the secret is the client's and has not expired.
    private func proves(_ client: RegisteredClient, _ shown: Secret?) -> Bool {
        shown != nil && client.secret == shown && client.secretExpiry.map { now < Double($0) } ?? true
    }

    /// Status 401 with the scheme that the client may use (RFC 6749 section 5.2).
    static var invalidClient: Reply {
        var reply = Reply.error("invalid_client", "unknown client, or it did not prove itself", status: 401)
        reply.headers.append(("WWW-Authenticate", "Basic realm=\"clients\""))
        return reply
    }

    /// The credentials of an `Authorization: Basic` field, whose two halves are form-encoded (RFC 6749 section 2.3.1).
    private static func basicCredentials(_ field: String, decodes: Bool) -> (id: String, secret: Secret)? {
        let halves = field.split(separator: " ", maxSplits: 1)
        guard halves.count == 2, halves[0].lowercased() == "basic", let bytes = Data(base64Encoded: String(halves[1]))
        else { return nil }
        let pair = bytes.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        if !decodes, pair.count == 2 { return (String(decoding: pair[0], as: UTF8.self), Secret(Array(pair[1]))) }
        guard pair.count == 2, let id = Parameters.decode(pair[0]), let secret = Parameters.decode(pair[1])
        else { return nil }
        return (id, Secret(secret))
    }
}
