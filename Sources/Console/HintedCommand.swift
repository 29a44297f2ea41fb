package import Addresses
import Secrets

/// The commands in hints, completed so that they work as they stand there.
package enum HintedCommand {
    /// The word for a service that is not known where the hint is made.
    private static let placeholder = " URL"

    /// Returns the hint with what the command of the user named: the service, the account and the scopes. Otherwise a
    /// sign-in that follows the hint would be for another account, or would lack a scope.
    ///
    /// - Parameters:
    ///   - account: the name of the account that an option named.
    ///   - scopes: those that options named.
    package static func completed(
        _ hint: String, service: ServiceURL?, account: String? = nil, scopes: [String] = []
    ) -> String {
        var hint = hint
        if let service, hint.hasSuffix(placeholder), hint.contains("keyfob ") {
            hint = hint.dropLast(placeholder.count) + " " + ShellWords.quoted(service.description)
        }
        let command = "keyfob login "
        guard let place = hint.firstRange(of: command)?.upperBound else { return hint }
        let options = [account.map { ("--account", [$0]) } ?? ("", []), ("--scope", scopes)]
        // A scope that the hint names itself is not repeated.
        let words = options.flatMap { name, values in
            values.map { ShellWords.option(name, Printable.text($0)) + " " }
        }.filter { !hint.contains($0) && !($0.hasPrefix("--account") && hint.contains("--account")) }
        hint.insert(contentsOf: words.joined(), at: place)
        return hint
    }
}
