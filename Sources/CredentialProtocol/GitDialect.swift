/// The protocol between git and its helpers, to the letter (git-credential(1), "INPUT/OUTPUT FORMAT").
///
/// Git asks its helpers in turn and shows their standard error to the person: where we have nothing we say nothing.
package struct GitDialect: Dialect {
    package init() {}

    package var silentWhenNotOurs: Bool { true }

    /// `scope`, `resource`, `min_ttl` and `interaction` mean nothing here. `url`, which some callers send beside the parts
    /// (gitoxide), counts only where neither `protocol` nor `host` is given.
    package func decode(_ input: [UInt8], for operation: Operation) throws(RequestError) -> CredentialRequest {
        try RequestReader.read(AttributeLines(input), extensions: false)
    }

    /// An access token goes in as `password`, which every version of git and every server's Basic scheme can take. It
    /// goes as `authtype` and `credential` only to a git that understands them, from a server that wants a Bearer token
    /// and no Basic credential.
    package func encode(
        _ response: CredentialResponse, for request: CredentialRequest
    ) throws(ResponseError) -> [UInt8] {
        var writer = try ResponseWriter(response, for: request)
        let understood = request.capabilities.contains(.authtype)
        if understood, Self.wantsBearer(request.wwwauth), let authtype = response.authtype {
            try writer.writeCredential(authtype: authtype)
            try writer.writeEphemeral()
        } else {
            if understood { try writer.writeEphemeral() }
            try writer.writePassword()
        }
        try writer.writeRest()
        return writer.bytes
    }

    /// Whether the server's challenges name the scheme Bearer and do not name Basic.
    private static func wantsBearer(_ challenges: [String]) -> Bool {
        let schemes = AuthenticationChallenge.schemes(in: challenges)
        return schemes.contains("bearer") && !schemes.contains("basic")
    }
}
