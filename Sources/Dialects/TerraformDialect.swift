package import CredentialProtocol
import JSON
import Secrets

/// The credentials helpers of Terraform and OpenTofu (developer.hashicorp.com/terraform/internals/credentials-helpers).
///
/// The arguments from the configuration, then `get`, `store` or `forget`, then a host name. `get` answers with one JSON
/// object; Terraform sends its member `token` in a Bearer header. `store` reads such an object as input.
///
/// - Not supported: properties other than `token`, which `store` refuses as the protocol requires; stored passwords
///   that `store` did not save.
/// - Not found: `{}`, exit status 0. Failures: an exit status and standard error, which Terraform shows.
/// - Deadline: Terraform has none; keyfob stops after 30 seconds. It never asks the user.
package struct TerraformDialect: Dialect {
    package static let name = "terraform"
    package static let executables = ["terraform-credentials-keyfob"]
    package static let keptAs: String? = "terraform"

    package init() {}

    package func question(_ invocation: Invocation) throws(InvocationError) -> Question {
        guard let verb = invocation.arguments.dropLast().last, let host = invocation.arguments.last else {
            throw .usage("terraform-credentials-keyfob get|store|forget HOST")
        }
        var request = try CredentialRequest(service: "https://" + host)
        switch verb {
        case "get": return .get(request)
        case "store":
            let secret = try token(invocation.boundedInput() ?? [])
            return .store(try request.keeping(token: secret, as: Self.keptAs ?? ""))
        case "forget":
            request.username = Self.keptAs
            return .erase(request)
        default: throw .unknownOperation(verb)
        }
    }

    private func token(_ input: [UInt8]) throws(InvocationError) -> [UInt8] {
        let what = "the credentials object"
        guard case .object(let members) = try JSON.parse(input, what) else { throw .malformed(what) }
        guard members.allSatisfy({ $0.name.isSame(as: "token") }) else {
            throw .malformed("a property other than token")
        }
        guard case .string(let token) = members.first?.value else { throw .missing("token") }
        return Array(token.utf8)
    }

    package func found(_ answer: Answer, for request: CredentialRequest) throws(ResponseError) -> Reply {
        guard answer.response.authtype != nil || answer.response.username == Self.keptAs else {
            return notFound(request)
        }
        return Reply(JSON.object(["token": .string(try answer.response.secretText())]).line)
    }

    package func notFound(_ request: CredentialRequest) -> Reply { Reply("{}\n") }
}
