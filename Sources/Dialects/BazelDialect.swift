package import CredentialProtocol
import JSON
import Secrets

/// The credential helper protocol of Bazel and similar build tools (github.com/EngFlow/credential-helper-spec).
///
/// The command is `get`, with `{"uri":"https://…"}` as input (`url` in older proposals). The answer contains the header
/// fields to add to each request to that URI, and the time at which to ask again. `grpcs` is handled as https, `grpc`
/// as http.
///
/// - Not supported: other commands.
/// - Not found: `{"headers":{}}`, which means that no credential is needed. Failures: an exit status and standard
///   error.
/// - Deadline: Bazel fails the build after 10 seconds; keyfob stops after 8. It never asks the user.
package struct BazelDialect: Dialect {
    package static let name = "bazel"
    package static let executables = ["bazel-credential-keyfob"]
    package static let deadline: Duration? = .seconds(8)

    package init() {}

    package func question(_ invocation: Invocation) throws(InvocationError) -> Question {
        guard invocation.arguments.first == "get" else { throw .usage("keyfob get --dialect bazel") }
        let input = try invocation.boundedInput() ?? []
        let what = "the request"
        let asked = try JSON.parse(input, what)
        let (uri, url) = (try asked.text("uri", what), try asked.text("url", what))
        guard let uri = uri ?? url else { throw .missing("uri") }
        var request = try CredentialRequest(service: Self.overHTTP(uri))
        request.minTTL = Self.minTTL
        return .get(request)
    }

    /// gRPC runs over HTTP/2, so its tokens are those of the https or http URL.
    private static func overHTTP(_ uri: String) -> String {
        let schemes = ["grpcs://": "https://", "grpc://": "http://"]
        for (grpc, http) in schemes where uri.asciiLowercased.begins(with: grpc) {
            return http + Substring(uri.utf8.dropFirst(grpc.utf8.count))
        }
        return uri
    }

    package func found(_ answer: Answer, for request: CredentialRequest) throws(ResponseError) -> Reply {
        let field = JSON.array([.string(try answer.response.authorization())])
        let expiry = answer.renewalTimestamp.map { JSON.string($0) }
        return Reply(JSON.object(["headers": .object(["Authorization": field]), "expires": expiry]).line)
    }

    package func notFound(_ request: CredentialRequest) -> Reply { Reply(JSON.object(["headers": .object([])]).line) }

    /// In seconds: an action may run for a while before it uses its token.
    private static let minTTL = 300
}
