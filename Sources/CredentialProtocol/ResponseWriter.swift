import Secrets

/// Writes a ``CredentialResponse`` as lines, in the order that git uses.
///
/// No value can be read as another line, whatever its source: if an authorization server puts a line break into a
/// token, the response is refused.
struct ResponseWriter {
    private(set) var bytes: [UInt8] = []
    private let response: CredentialResponse
    private let request: CredentialRequest

    /// Writes the capabilities first, before the attributes that depend on them. Only those that the caller announced
    /// are written: git sends `state[]` and `credential` back only to a helper that announced them too.
    init(_ response: CredentialResponse, for request: CredentialRequest) throws(ResponseError) {
        self.response = response
        self.request = request
        for capability in Capability.allCases where request.capabilities.contains(capability) {
            try write(.capability, capability.rawValue)
        }
    }

    /// Writes `authtype` and `credential`: the two parts of the header field.
    mutating func writeCredential(authtype: String) throws(ResponseError) {
        guard !authtype.isEmpty else { throw .empty(.authtype) }
        guard authtype.utf8.allSatisfy(TokenGrammar.isTokenCharacter) else { throw .forbiddenByte(.authtype) }
        try write(.authtype, authtype)
        try write(.credential, response.password)
    }

    mutating func writeEphemeral() throws(ResponseError) {
        if response.ephemeral { try write(.ephemeral, "1") }
    }

    /// Writes the user name and the password. A stored `credential` is not a password, so only the user name is written.
    mutating func writePassword() throws(ResponseError) {
        if let username = response.username { try write(.username, username) }
        if !response.isEncoded { try write(.password, response.password) }
        if let token = response.oauthRefreshToken { try write(.oauthRefreshToken, token) }
    }

    /// Writes the attributes that end every form: the expiry, and the values that git sends back.
    mutating func writeRest() throws(ResponseError) {
        if let expiry = response.passwordExpiryUTC { try write(.passwordExpiryUTC, String(expiry)) }
        guard request.capabilities.contains(.state) else { return }
        if response.continue { try write(.continue, "1") }
        for state in response.state { try write(.state, state) }
    }

    private mutating func write(_ attribute: Attribute, _ text: String) throws(ResponseError) {
        try write(attribute, Array(text.utf8))
    }

    private mutating func write(_ attribute: Attribute, _ secret: Secret) throws(ResponseError) {
        let isAccessToken =
            response.authtype != nil && !response.isEncoded && (attribute == .password || attribute == .credential)
        let value = secret.exposedBytes
        if isAccessToken {
            guard !value.isEmpty else { throw .empty(attribute) }
            guard value.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .forbiddenByte(attribute) }
        }
        try write(attribute, value)
    }

    private mutating func write(_ attribute: Attribute, _ value: [UInt8]) throws(ResponseError) {
        guard !value.contains(where: AttributeLines.isControl) else { throw .forbiddenByte(attribute) }
        let line = Array(attribute.rawValue.utf8) + [UInt8(ascii: "=")] + value + [UInt8(ascii: "\n")]
        guard line.count <= AttributeLines.maxLine else { throw .tooLong(attribute) }
        bytes += line
    }
}
