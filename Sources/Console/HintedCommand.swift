package import Addresses
import Secrets

/// The commands in hints, completed so that they work as they stand there.
package enum HintedCommand {
    /// The word for a service that is not known where the hint is made.
    private static let placeholder = " URL"
    /// The entry of such a service in the configuration, to write into a hint.
    package static let entry = "[host.\"URL\"]"

    /// The entry of a service in the configuration.
    package static func entry(_ service: ServiceURL) -> String { "[host.\"\(service)\"]" }

    /// The commands that take options of the user's command, and which; nil: all.
    private static let commands: [(start: String, options: [String]?)] = [
        ("keyfob login ", nil), ("keyfob logout ", ["--account"]), ("keyfob token ", ["--account", "--scope"]),
    ]

    /// The options that cannot be used beside an option.
    private static let conflicts = ["--register": ["--client-id", "--client-secret"], "--client-id": ["--register"]]

    /// An option and its value as a hint shows them; nothing without a value.
    package static func option(_ name: String, _ value: String?) -> [String] {
        value.map { [ShellWords.option(name, Printable.whole($0))] } ?? []
    }

    /// Returns the hint with what the user's command named: the service and the options. Otherwise a command that follows
    /// the hint would, for example, sign in to another account, or without a scope.
    ///
    /// - Parameters:
    ///   - configured: the service whose entry in the configuration is meant, if it is another one.
    ///   - user: the user name in the URL of the service, if any.
    ///   - options: each with its value (``option(_:_:)``).
    /// - Returns: nil if the hint's command needs a service and none is known: it would not work as it stands there.
    package static func completed(
        _ hint: String, service: ServiceURL?, configured: ServiceURL? = nil, user: String? = nil, options: [String] = []
    ) -> String? {
        var hint = hint
        if needsService(hint) {
            guard let service else { return nil }
            hint = hint.dropLast(placeholder.count) + " " + ShellWords.quoted(url(of: service, user))
        }
        hint = hint.replacingBytes(of: entry, with: (configured ?? service).map(entry) ?? "the service")
        let then = ", then "
        return hint.split(separator: then, omittingEmptySubsequences: false).map { withOptions(String($0), options) }
            .joined(separator: then)
    }

    /// Whether the hint ends with a command that lacks the service.
    package static func needsService(_ hint: String) -> Bool {
        hint.hasSuffix(placeholder) && hint.contains("keyfob ")
    }

    private static func url(of service: ServiceURL, _ user: String?) -> String {
        guard let user, !user.isEmpty else { return service.description }
        let name = PercentEncoding.encode(segment: user).replacing("@", with: "%40").replacing(":", with: "%3A")
        return service.description.replacing("://", with: "://\(name)@", maxReplacements: 1)
    }

    /// The part of a hint with at most one command. Options that the command has already are not repeated.
    private static func withOptions(_ part: String, _ options: [String]) -> String {
        for command in commands {
            guard let place = part.firstRange(of: command.start)?.upperBound else { continue }
            let words = part[place...].split(separator: " ")
            let present = words.map(name).filter { $0.hasPrefix("--") }
            let excluded = present.flatMap { conflicts[$0] ?? [] } + present.filter { $0 != "--scope" }
            let added = options.filter { option in
                let name = name(option[...])
                return command.options?.contains(name) != false && !excluded.contains(name)
                    && !part[place...].contains(option + " ")
            }
            return part[..<place] + added.map { $0 + " " }.joined() + part[place...]
        }
        return part
    }

    private static func name(_ option: Substring) -> String { String(option.prefix { $0 != " " && $0 != "=" }) }
}
