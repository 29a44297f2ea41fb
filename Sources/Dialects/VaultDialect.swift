package import CredentialProtocol

/// The token helpers of Vault and OpenBao (developer.hashicorp.com/vault/docs/commands/token-helper).
///
/// One argument: `get`, `store` with the token as input, or `erase`. The service is `$VAULT_ADDR`, otherwise
/// `$BAO_ADDR`, otherwise Vault's own default address.
///
/// - Not supported: namespaces; stored passwords that `store` did not save.
/// - Not found: no output, exit status 0. Failures: an exit status and standard error.
/// - Deadline: Vault has none; keyfob stops after 30 seconds. It never asks the user.
package struct VaultDialect: Dialect {
    package static let name = "vault"
    package static let executables = ["vault-token-keyfob"]
    package static let keptAs: String? = "vault"

    package init() {}

    package func question(_ invocation: Invocation) throws(InvocationError) -> Question {
        guard invocation.arguments.count == 1, let verb = invocation.arguments.first else {
            throw .usage("vault-token-keyfob get|store|erase")
        }
        let address = invocation.nonempty("VAULT_ADDR") ?? invocation.nonempty("BAO_ADDR") ?? "https://127.0.0.1:8200"
        var request = try CredentialRequest(service: address)
        switch verb {
        case "get": return .get(request)
        case "store":
            var token = try invocation.boundedInput() ?? []
            if token.last == UInt8(ascii: "\n") { token.removeLast() }
            return .store(try request.keeping(token: token, as: Self.keptAs ?? ""))
        case "erase":
            request.username = Self.keptAs
            return .erase(request)
        default: throw .unknownOperation(verb)
        }
    }

    package func found(_ answer: Answer, for request: CredentialRequest) throws(ResponseError) -> Reply {
        guard answer.response.authtype != nil || answer.response.username == Self.keptAs else {
            return notFound(request)
        }
        return Reply(try answer.response.secretText())
    }

    package func notFound(_ request: CredentialRequest) -> Reply { Reply() }
}
