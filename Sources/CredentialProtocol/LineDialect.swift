/// The same lines for callers that are not git: more may be asked, and the answer says all that is known (protocol.md).
package struct LineDialect: Dialect {
    package init() {}

    package var silentWhenNotOurs: Bool { false }

    /// `url` may stand in place of `protocol`, `host` and `path`; beside one of them it refuses the request.
    package func decode(_ input: [UInt8], for operation: Operation) throws(RequestError) -> CredentialRequest {
        try RequestReader.read(AttributeLines(input), extensions: true)
    }

    /// An access token is written both ways, as `authtype` and `credential` and as `password`.
    package func encode(
        _ response: CredentialResponse, for request: CredentialRequest
    ) throws(ResponseError) -> [UInt8] {
        var writer = try ResponseWriter(response, for: request)
        if let authtype = response.authtype { try writer.writeCredential(authtype: authtype) }
        try writer.writeEphemeral()
        try writer.writePassword()
        try writer.writeRest()
        return writer.bytes
    }
}
