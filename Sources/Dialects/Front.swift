package import CredentialProtocol
import Secrets

/// The commands of `keyfob` that the door answers from kernel memory.
package enum Front {
    /// The version of the program, which `keyfob --version` prints.
    package static let version = "0.1.0"

    /// Returns the dialect of a command and its arguments. Returns nil for every command that is not in exactly one of
    /// the simple forms: `keyfob-main` parses it.
    ///
    /// - Parameter arguments: the arguments of `keyfob`.
    package static func command(_ arguments: [String]) -> (dialect: any Dialect.Type, arguments: [String])? {
        let words = Array(arguments.dropFirst())
        switch arguments.first {
        case "get" where words.isEmpty: return (LineDialect.self, arguments)
        case "headers" where words.count < 2 && !words.contains { $0.begins(with: "-") }:
            return (HeadersDialect.self, words)
        case "token": return (TokenDialect.self, words)
        default: return nil
        }
    }
}
