/// The protocol between git and its helpers, exactly as documented (git-credential(1), "INPUT/OUTPUT FORMAT").
///
/// Git asks its helpers in turn and shows their standard error to the user. So keyfob writes nothing if it has no
/// credential.
package struct GitDialect: AttributeDialect {
    package static let name = "git"
    package static let executables = ["git-credential-keyfob"]

    package init() {}

    /// git may add operations that keyfob does not know. A helper ignores those silently (gitcredentials(7)).
    package func question(_ invocation: Invocation) throws(InvocationError) -> Question {
        guard let word = invocation.arguments.first else {
            throw .usage("git-credential-keyfob [OPTION]... get|store|erase|capability")
        }
        if word == "capability" { return .reply(Reply(Capability.announcement)) }
        guard let operation = Operation(rawValue: word) else { return .reply(Reply()) }
        return try question(operation, invocation)
    }

    package func notFound(_ request: CredentialRequest) -> Reply { Reply() }

    /// Without output, because keyfob does not know whether it serves the host.
    package func unknown(_ request: CredentialRequest, _ report: Report) -> Reply { Reply(status: report.status) }

    /// After `quit`, git asks neither the helpers behind keyfob nor the user.
    package func failed(_ report: Report) -> Reply {
        var reply = Reply(report)
        if report.isFinal { reply.output = Array("\(Attribute.quit.rawValue)=1\n".utf8) }
        return reply
    }

    /// Ignores `scope`, `resource`, `min_ttl` and `interaction`. Some callers (gitoxide) send `url` beside the parts;
    /// it is used only if `protocol`, `host` and `path` are all absent.
    package func decode(_ input: [UInt8], for operation: Operation) throws(RequestError) -> CredentialRequest {
        try RequestReader.read(AttributeLines(input), extensions: false)
    }

    /// Writes an access token as `password`, which every version of git and every server's Basic scheme accept. It is
    /// written as `authtype` and `credential` only if git understands them and the server's challenges name Bearer but
    /// not Basic. A stored pair of `authtype` and `credential` is written as that pair.
    package func encode(
        _ response: CredentialResponse, for request: CredentialRequest
    ) throws(ResponseError) -> [UInt8] {
        var writer = try ResponseWriter(response, for: request)
        let understood = request.capabilities.contains(.authtype)
        if understood, response.isEncoded || Self.wantsBearer(request.wwwauth), let authtype = response.authtype {
            try writer.writeCredential(authtype: authtype)
            try writer.writeEphemeral()
            if response.isEncoded { try writer.writePassword() }
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
