import Addresses
import Secrets

/// Interprets the attributes of a request (protocol.md, section 4) and builds a ``CredentialRequest``.
struct RequestReader {
    private var request = CredentialRequest(protocolName: "", host: "")
    private var url: RequestURL?
    /// The identity attributes read so far, to detect a second, different value. There are at most five, so this is an
    /// array. The first use of a dictionary costs the door for git more than the rest of the reading.
    private var given: [(attribute: Attribute, value: ArraySlice<UInt8>)] = []

    /// Reads a request.
    ///
    /// - Parameter extensions: accept the attributes of callers other than git, and `url` only in place of the parts.
    static func read(_ lines: AttributeLines, extensions: Bool) throws(RequestError) -> CredentialRequest {
        var reader = RequestReader()
        for line in lines.lines {
            // Ignore unknown attributes: they are for other programs or from later versions.
            guard let attribute = Attribute(rawValue: line.name) else { continue }
            try reader.readIdentity(attribute, line)
            try reader.readSecrets(attribute, line)
            try reader.readLists(attribute, line)
            if extensions { try reader.readExtension(attribute, line) }
        }
        try reader.applyURL(mayStandBesideParts: !extensions)
        if extensions { try reader.checkPath() }
        try reader.checkIdentity()
        return reader.request
    }

    // MARK: One attribute

    /// Reads the attributes that name the service and the user. Callers do not repeat these with another value; only an
    /// injected line does.
    private mutating func readIdentity(_ attribute: Attribute, _ line: AttributeLines.Line) throws(RequestError) {
        guard [.protocolName, .host, .path, .username, .url].contains(attribute) else { return }
        if let earlier = given.first(where: { $0.attribute == attribute }) {
            guard earlier.value == line.value else { throw .conflicting(attribute) }
        } else {
            given.append((attribute, line.value))
        }
        switch attribute {
        case .protocolName: request.protocolName = try text(attribute, line)
        case .host: request.host = try text(attribute, line)
        case .path: request.path = PercentEncoding.text(line.value)
        case .username: request.username = try text(attribute, line)
        default: url = try RequestURL(line)
        }
    }

    private mutating func readSecrets(_ attribute: Attribute, _ line: AttributeLines.Line) throws(RequestError) {
        switch attribute {
        case .password: request.password = Secret(line.value)
        case .credential: request.credential = Secret(line.value)
        case .oauthRefreshToken: request.oauthRefreshToken = line.value.isEmpty ? nil : Secret(line.value)
        case .authtype: request.authtype = try authtype(line)
        case .passwordExpiryUTC:
            // Like git, treat 0, a number that is too large and text that is no number as "no expiry".
            request.passwordExpiryUTC = number(line.value).flatMap { $0 == 0 ? nil : $0 }
        case .ephemeral:
            guard let value = GitBoolean.value(of: line.value) else { throw .invalid(attribute) }
            request.ephemeral = value
        default: break
        }
    }

    /// Reads the list attributes: each line appends one element, and an empty value clears the list.
    private mutating func readLists(_ attribute: Attribute, _ line: AttributeLines.Line) throws(RequestError) {
        let element = String(decoding: line.value, as: UTF8.self)
        switch attribute {
        case .capability where element.isEmpty: request.capabilities = []
        case .capability: if let capability = Capability(rawValue: element) { request.capabilities.insert(capability) }
        case .wwwauth where element.isEmpty: request.wwwauth = []
        case .wwwauth: request.wwwauth.append(element)
        case .state where element.isEmpty: request.state = []
        case .state: request.state.append(element)
        default: break
        }
    }

    private mutating func readExtension(_ attribute: Attribute, _ line: AttributeLines.Line) throws(RequestError) {
        switch attribute {
        case .scope:
            guard let scope = ScopeGrammar.tokens(of: line.value) else { throw .invalid(attribute) }
            request.scope = scope
        case .resource:
            guard ResourceGrammar.isResource(line.value) else { throw .invalid(attribute) }
            request.resource = String(decoding: line.value, as: UTF8.self)
        case .minTTL:
            guard let seconds = number(line.value).flatMap(Int.init(exactly:)) else { throw .invalid(attribute) }
            request.minTTL = seconds
        case .interaction:
            guard let interaction = Interaction(rawValue: try text(attribute, line)) else { throw .invalid(attribute) }
            request.interaction = interaction
        default: break
        }
    }

    // MARK: The whole

    private mutating func applyURL(mayStandBesideParts: Bool) throws(RequestError) {
        guard let url else { return }
        let parts: [Attribute] = [.protocolName, .host, .path]
        guard !given.contains(where: { parts.contains($0.attribute) }) else {
            if mayStandBesideParts { return }
            throw .conflicting(.url)
        }
        request.protocolName = url.protocolName
        request.host = url.host
        request.path = url.path
        // After decoding, `%2F` looks like any other slash, so only this check can detect it.
        if request.url != nil, url.isAmbiguous { throw .ambiguousPath(.url) }
        if let username = url.username {
            guard request.username == nil || request.username?.isSame(as: username) == true else {
                throw .conflicting(.username)
            }
            request.username = username
        }
        if request.password == nil { request.password = url.password }
    }

    /// Refuses ambiguous paths. Not called for git, which must be able to go on with the URL that it was given. For
    /// git, only an account for the whole origin covers such a path (``ServiceURL/contains(_:)``).
    private func checkPath() throws(RequestError) {
        if request.url?.isAmbiguous == true { throw .ambiguousPath(.path) }
    }

    /// Refuses a request that does not name its service: it would match any service (CVE-2020-11008).
    private func checkIdentity() throws(RequestError) {
        guard !request.protocolName.isEmpty else { throw .missing(.protocolName) }
        guard URLPieces.isScheme(Array(request.protocolName.utf8)[...]) else { throw .invalid(.protocolName) }
        guard ["http", "https"].contains(request.protocolName.asciiLowercased) else {
            guard !request.host.isEmpty || request.path?.isEmpty == false else { throw .missing(.host) }
            return
        }
        guard !request.host.isEmpty else { throw .missing(.host) }
        guard request.url != nil else {
            throw request.host.utf8.allSatisfy { $0 < 0x80 } ? .invalid(.host) : .internationalHost
        }
    }

    // MARK: Values

    private func text(_ attribute: Attribute, _ line: AttributeLines.Line) throws(RequestError) -> String {
        guard let text = String(validating: line.value, as: UTF8.self) else { throw .invalid(attribute) }
        return text
    }

    /// Reads an authentication scheme, which is a token (RFC 9110 section 11.1). An empty value means no scheme.
    private func authtype(_ line: AttributeLines.Line) throws(RequestError) -> String? {
        guard line.value.allSatisfy(TokenGrammar.isTokenCharacter) else { throw .invalid(.authtype) }
        return line.value.isEmpty ? nil : String(decoding: line.value, as: UTF8.self)
    }

    /// Parses a decimal number without a sign. Returns nil if the text is no number or does not fit.
    private func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard !digits.isEmpty, digits.allSatisfy(ASCII.isDigit) else { return nil }
        return Int64(String(decoding: digits, as: UTF8.self))
    }
}
