/// The line format for callers other than git: it accepts more attributes, and the answer contains everything known
/// (protocol.md).
package struct LineDialect: AttributeDialect {
    package static let name = "line"

    package init() {}

    package func question(_ invocation: Invocation) throws(InvocationError) -> Question {
        guard invocation.arguments.count == 1, let operation = Operation(rawValue: invocation.arguments[0]) else {
            throw .usage("keyfob get|store|erase")
        }
        return try question(operation, invocation)
    }

    package func unknown(_ request: CredentialRequest, _ report: Report) -> Reply { failed(report) }

    /// `url` may replace `protocol`, `host` and `path`. A request with `url` and one of them is
    /// invalid.
    package func decode(_ input: [UInt8], for operation: Operation) throws(RequestError) -> CredentialRequest {
        try RequestReader.read(AttributeLines(input), extensions: true)
    }

    /// Writes an access token in both forms: as `authtype` and `credential`, and as `password`.
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
