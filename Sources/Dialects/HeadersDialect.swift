package import CredentialProtocol
import JSON

/// The headers helpers of Model Context Protocol clients: a command that prints one JSON object of header fields
/// (code.claude.com/docs/en/mcp, "headersHelper").
///
/// `keyfob headers [URL]`. Without an argument, the URL is `$CLAUDE_CODE_MCP_SERVER_URL`, which the client sets, so one
/// command line serves all servers.
///
/// - Not supported: clients do not report that a token was refused. They run the command again for the next connection,
///   so the token always has at least half of its lifetime, or a day, left.
/// - Not found: exit status 1, one line on standard error, no output.
/// - Deadline: 3 seconds, because clients wait for the command before they start. It never asks the user.
package struct HeadersDialect: Dialect {
    package static let name = "headers"
    package static let deadline: Duration? = .seconds(3)

    package init() {}

    package func question(_ invocation: Invocation) throws(InvocationError) -> Question {
        let arguments =
            invocation.arguments.first == "get" ? invocation.arguments.dropFirst() : invocation.arguments[...]
        guard arguments.count <= 1 else { throw .usage("keyfob headers [URL]") }
        guard let url = arguments.first ?? invocation.nonempty("CLAUDE_CODE_MCP_SERVER_URL") else {
            throw .missing("URL: give it as an argument, or in CLAUDE_CODE_MCP_SERVER_URL")
        }
        var request = try CredentialRequest(service: url)
        request.minTTL = Self.minTTL
        return .get(request)
    }

    package func found(_ answer: Answer, for request: CredentialRequest) throws(ResponseError) -> Reply {
        Reply(JSON.object(["Authorization": .string(try answer.response.authorization())]).line)
    }

    /// In seconds: a day. Half of the token's lifetime is enough if that is less.
    private static let minTTL = 86_400
}
