package import CredentialProtocol

/// pnpm's `tokenHelper` (pnpm.io/npmrc#urltokenhelper): an executable, named in the user's own `.npmrc`, that prints
/// the value of the `Authorization` field.
///
/// `get URL`. pnpm starts the executable without arguments, so the user needs a script of two lines that names the URL.
///
/// - Not supported: pnpm does not say for which registry it asks.
/// - Not found: exit status 1 and one line on standard error; pnpm then stops.
/// - Deadline: pnpm has none; keyfob stops after 30 seconds. It never asks the user.
package struct PnpmDialect: Dialect {
    package static let name = "pnpm"

    package init() {}

    package func question(_ invocation: Invocation) throws(InvocationError) -> Question {
        guard invocation.arguments.count == 2, invocation.arguments[0] == "get" else {
            throw .usage("keyfob get --dialect pnpm URL")
        }
        return .get(try CredentialRequest(service: invocation.arguments[1]))
    }

    package func found(_ answer: Answer, for request: CredentialRequest) throws(ResponseError) -> Reply {
        Reply(try answer.response.authorization() + "\n")
    }
}
