package import CredentialProtocol
import Secrets

/// The go command's authenticators, `GOAUTH="keyfob goauth"`, from Go 1.24 on (`go help goauth`).
///
/// Without an argument it is asked in advance, and has nothing to say. After an answer of 4xx it is asked with the URL as
/// argument and the head of the server's answer as input, and prints URL prefixes, a blank line, header fields and a blank
/// line.
///
/// - Not supported: http, over which go sends no credentials.
/// - Not found: no output, exit status 0. Failures: an exit status and standard error, which go shows with `-x` alone; it
///   goes on without a credential.
/// - Deadline: none of go's; ours is 30 seconds. It never asks.
package struct GoDialect: CallerDialect {
    package static let name = "go"
    package static let executables: [String] = []

    package init() {}

    package func question(_ invocation: Invocation) throws(InvocationError) -> Question {
        // `keyfob get --dialect go URL` says the same as `keyfob goauth URL`.
        let arguments =
            invocation.arguments.first == "get" ? invocation.arguments.dropFirst() : invocation.arguments[...]
        guard arguments.count <= 1 else { throw .usage("keyfob goauth [URL]") }
        guard let url = arguments.first else { return .reply(Reply()) }
        guard let head = String(validating: try invocation.boundedInput() ?? [], as: UTF8.self),
            head.isEmpty || head.begins(with: "HTTP/")
        else { throw .malformed("the head of the server's answer") }
        var request = try CredentialRequest(service: url)
        guard request.url?.scheme == "https" else { return .reply(Reply()) }
        // A line ends with LF, and nothing else ends one: not what Unicode calls a separator of lines.
        request.wwwauth = Challenges.values(
            in: head.parts(at: "\n").map { String($0.ends(with: "\r") ? Substring($0.utf8.dropLast()) : $0) })
        return .get(request)
    }

    /// The token is for the account's whole service, so that go needs not ask again for each file of it.
    package func found(_ answer: Answer, for request: CredentialRequest) throws(ResponseError) -> Reply {
        guard let prefix = answer.service ?? request.url else { return notFound(request) }
        return Reply("\(prefix)\n\nAuthorization: \(try answer.response.authorization())\n\n")
    }

    package func notFound(_ request: CredentialRequest) -> Reply { Reply() }
}
