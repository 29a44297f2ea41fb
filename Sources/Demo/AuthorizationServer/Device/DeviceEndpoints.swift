/// A device authorization request with its codes (RFC 8628 section 3.2), and the number of its polls.
struct PendingDevice: Sendable {
    var clientID: String
    var scopes: [String]
    var resources: [String]
    var expiry: Double
    var polls = 0
}

extension ServerState {
    /// The `grant_type` of a poll (RFC 8628 section 3.4).
    static let deviceGrantType = "urn:ietf:params:oauth:grant-type:device_code"

    /// POST /device_authorization (RFC 8628 section 3.1).
    mutating func authorizeDevice(_ request: IncomingRequest) -> Reply {
        guard let client = authenticatedClient(request) else { return Self.invalidClient }
        let scopes = request.form["scope"]?.split(separator: " ").map(String.init) ?? configuration.scopes
        guard Set(scopes).isSubset(of: configuration.scopes) else {
            return .error("invalid_scope", "an unknown scope was asked for")
        }
        let rules = configuration.device
        let code = TokenDigest.random()
        devices[TokenDigest(code)] = PendingDevice(
            clientID: client.id, scopes: scopes, resources: request.form.all("resource"),
            expiry: now + Double(rules.lifetime))
        let members: [String: JSONValue] = [
            "device_code": .string(code), "user_code": .string(Self.newUserCode()),
            "verification_uri": .string(issuer + "/device"), "expires_in": .integer(rules.lifetime),
            "interval": .integer(rules.interval),
        ]
        return .json(JSONValue.merging(members, rules.extraMembers))
    }

    /// One poll (RFC 8628 sections 3.4 and 3.5).
    mutating func poll(_ form: Parameters, _ client: RegisteredClient) -> Reply {
        guard let code = form["device_code"].map({ TokenDigest($0) }), let device = devices[code],
            device.clientID == client.id
        else { return .error("invalid_grant", "unknown device code") }
        devices[code]?.polls += 1
        let rules = configuration.device
        guard now < device.expiry else { return .error("expired_token", "the code has expired") }
        if device.polls < rules.slowDowns { return .error("slow_down", "more slowly") }
        if device.polls < rules.slowDowns + rules.pendingPolls {
            return .error("authorization_pending", "the user has not decided yet")
        }
        devices[code] = nil
        switch rules.outcome {
        case .denied: return .error("access_denied", "the person refused")
        case .expired: return .error("expired_token", "the code has expired")
        case .allowed(let user):
            let grant = grants.add(
                GrantTable.Grant(
                    clientID: client.id, user: user, scopes: device.scopes, resources: device.resources))
            return issueTokens(grant: grant, form, refreshToken: newRefreshToken(grant: grant))
        }
    }

    /// Only consonants, so that the code forms no word (RFC 8628 section 6.1).
    private static func newUserCode() -> String {
        var generator = SystemRandomNumberGenerator()
        let letters = (0..<8).compactMap { _ in "BCDFGHJKLMNPQRSTVWXZ".randomElement(using: &generator) }
        return String(letters.prefix(4)) + "-" + String(letters.suffix(4))
    }
}
