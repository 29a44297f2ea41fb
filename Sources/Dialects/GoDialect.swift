import Addresses
package import CredentialProtocol
import Secrets

/// The go command's authenticators, `GOAUTH="keyfob goauth"`, from Go 1.24 on (`go help goauth`).
///
/// go first runs the command without an argument; keyfob then prints nothing. After a 4xx response, go runs it with the
/// URL as argument and the head of the server's response as input. keyfob prints URL prefixes, a blank line, header
/// fields and a blank line.
///
/// - Not supported: http, because go sends no credentials over it.
/// - Not found: no output, exit status 0. Failures: an exit status and standard error, which go shows only with `-x`;
///   go then goes on without a credential.
/// - Deadline: go has none; keyfob stops after 30 seconds. It never asks the user.
package struct GoDialect: Dialect {
    package static let name = "go"
    package static let executables: [String] = []

    package init() {}

    package func question(_ invocation: Invocation) throws(InvocationError) -> Question {
        // `keyfob get --dialect go URL` is the same as `keyfob goauth URL`.
        let arguments =
            invocation.arguments.first == "get" ? invocation.arguments.dropFirst() : invocation.arguments[...]
        guard arguments.count <= 1 else { throw .usage("keyfob goauth [URL]") }
        guard let url = arguments.first else { return .reply(Reply()) }
        guard let head = String(validating: try invocation.boundedInput() ?? [], as: UTF8.self),
            head.isEmpty || head.begins(with: "HTTP/")
        else { throw .malformed("the head of the server's answer") }
        var request = try CredentialRequest(service: url)
        guard request.url?.scheme == "https" else { return .reply(Reply()) }
        // Only LF ends a line, not the other line separators of Unicode.
        request.wwwauth = Challenges.values(
            in: head.parts(at: "\n").map { String($0.ends(with: "\r") ? Substring($0.utf8.dropLast()) : $0) })
        return .get(request)
    }

    /// Names the account's whole service as the prefix, so that go does not have to ask again for each file of it.
    package func found(_ answer: Answer, for request: CredentialRequest) throws(ResponseError) -> Reply {
        guard let prefix = answer.service ?? request.url else { return notFound(request) }
        return Reply("\(prefix)\n\nAuthorization: \(try answer.response.authorization())\n\n")
    }

    package func notFound(_ request: CredentialRequest) -> Reply { Reply() }
}
