package import CredentialProtocol
import Secrets

/// The simple forms of `keyfob token` that the door answers: `URL` and one `--format FORMAT`, in any order. All else is
/// invalid here, and `keyfob-main` parses it.
package struct TokenDialect: Dialect {
    package static let name = "token"

    private var format = TokenFormat.token

    package init() {}

    package mutating func question(_ invocation: Invocation) throws(InvocationError) -> Question {
        var (url, name): (String?, String?)
        var rest = invocation.arguments[...]
        while let word = rest.popFirst() {
            switch word {
            case "--format" where name == nil: name = rest.popFirst() ?? ""
            case _ where url == nil && !word.begins(with: "-"): url = word
            default: throw .usage("keyfob token URL [--format FORMAT]")
            }
        }
        guard let url else { throw .missing("URL") }
        if let name {
            guard let format = TokenFormat(rawValue: name), format != .xoauth2 else { throw .malformed("the format") }
            self.format = format
        }
        return .get(try CredentialRequest(service: url))
    }

    package func found(_ answer: Answer, for request: CredentialRequest) throws(ResponseError) -> Reply {
        Reply(try format.encode(answer.response))
    }
}
