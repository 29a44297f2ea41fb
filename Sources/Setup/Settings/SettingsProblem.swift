/// The reason why keyfob leaves a settings text as it is. keyfob guesses nothing about a file that another program
/// reads.
package enum SettingsProblem: Error, Sendable, Equatable {
    /// The text does not have the format that the program reads: `JSON`, `TOML`.
    case malformed(format: String)
    /// The setting exists in a form that cannot be changed without rewriting the text around it.
    case unusual(setting: String)
    /// The setting already has another value; `value` is nil if it may be a secret.
    case taken(setting: String, value: String?)
    /// The change would also have changed something else.
    case notAlone(setting: String)
}
