package import CredentialProtocol
import Secrets

/// The credential helpers of build tools: Bazel and its kin (github.com/EngFlow/credential-helper-spec).
///
/// `get`, with `{"uri":"https://…"}` as input (`url` in older proposals); the answer is the header fields to be added to each
/// request to that URI and the time at which to ask again. `grpcs` is served as https, `grpc` as http.
///
/// - Not supported: other commands.
/// - Not found: `{"headers":{}}`, which means that no credential is needed. Failures: an exit status and standard error.
/// - Deadline: Bazel's is 10 seconds, and the build fails then; ours is 8. It never asks.
package struct BazelDialect: CallerDialect {
    package static let name = "bazel"
    package static let executables = ["bazel-credential-keyfob"]
    package static let deadline: Duration? = .seconds(8)

    package init() {}

    private struct Request: Decodable {
        var uri: String?
        var url: String?
    }

    private struct Response: Encodable {
        var headers: [String: [String]] = [:]
        var expires: String?
    }

    package func question(_ invocation: Invocation) throws(InvocationError) -> Question {
        guard invocation.arguments.first == "get" else { throw .usage("keyfob get --dialect bazel") }
        let input = try invocation.boundedInput() ?? []
        let asked = try JSONLine.decode(Request.self, from: input, "the request")
        guard let uri = asked.uri ?? asked.url else { throw .missing("uri") }
        var request = try CredentialRequest(service: Self.overHTTP(uri))
        request.minTTL = Self.minTTL
        return .get(request)
    }

    /// The tokens of a gRPC service go the way of HTTP/2.
    private static func overHTTP(_ uri: String) -> String {
        let schemes = ["grpcs://": "https://", "grpc://": "http://"]
        for (grpc, http) in schemes where uri.asciiLowercased.begins(with: grpc) {
            return http + Substring(uri.utf8.dropFirst(grpc.utf8.count))
        }
        return uri
    }

    package func found(_ answer: Answer, for request: CredentialRequest) throws(ResponseError) -> Reply {
        let headers = ["Authorization": [try answer.response.authorization()]]
        return Reply(JSONLine.encode(Response(headers: headers, expires: answer.renewalTimestamp)))
    }

    package func notFound(_ request: CredentialRequest) -> Reply { Reply(JSONLine.encode(Response())) }

    /// Seconds: an action that was given a token may run for a while before it uses it.
    private static let minTTL = 300
}
