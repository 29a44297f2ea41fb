import Addresses
import CredentialProtocol
import TOMLKit

/// A part of the configuration that has keys: the file itself, or one `[host."URL"]`.
package protocol ConfigurationSection: Sendable {
    static var keys: [ConfigurationKey<Self>] { get }
    /// The place of each key that a file sets, by the name of the key.
    var sources: [String: Configuration.Source] { get set }
}

package typealias HostKey = ConfigurationKey<Configuration.Host>

/// One key of the configuration, with all that the program knows about it.
///
/// A new key is one row in `HostKeys.swift`, and the property that holds its value. Reading it, merging files, `keyfob
/// config`, `keyfob export`, approvals, the hint for a misspelt key and keyfob-config(5) all follow from the row.
package struct ConfigurationKey<Section: ConfigurationSection>: Sendable {
    package let name: String
    /// The documentation of the key: one sentence of Markdown.
    package let meaning: String
    /// The names of git's settings for the same value, after `credential.<url>.`: that of git-credential-oauth, then that
    /// of Git Credential Manager. The first one that is set counts.
    package let gitNames: [String]
    /// Whether ``Approvals`` keeps it.
    let isApproved: Bool
    /// The form in which `keyfob config` shows the key.
    package let display: Display

    let parse: @Sendable (Entries, inout Section) throws(ConfigurationError) -> Void
    let parseGit: @Sendable (_ text: String, ServiceURL, inout Section) throws(ConfigurationError.Problem) -> Void
    let merge: @Sendable (_ first: Section, _ second: Section, _ result: inout Section) -> Void
    /// The value of the key in a section; nil if the section does not set it.
    package let value: @Sendable (Section) -> ConfigurationValue?

    /// The part of `keyfob config` in a key.
    package struct Display: Sendable {
        /// The name for users; nil: that of the key.
        var label: String?
        /// The words if there is no value. With them the key is always shown, without them only if something sets it.
        package var absent: String?
        /// The same for keys whose words depend on the account.
        var absentAt: (@Sendable (Account) -> String)?
        /// The sources of a value that no file has.
        package var setters: Set<SettingOrigin> = []
        /// The value that counts for an account; nil: the one that a file has.
        package var effective: (@Sendable (Account) -> String?)?
        /// The value that counts for an account if nothing sets one; nil: none.
        var standard: (@Sendable (Account) -> String?)?
    }

    /// - Parameters:
    ///   - path: the property that holds the value.
    ///   - git: the names of git's settings for the same value.
    ///   - counts: whether the value of the `second` layer counts below the `first`.
    ///   - join: the value if both layers have one.
    ///   - check: throws if the value is not allowed in this section.
    init<Value: Sendable>(
        _ name: String, _ path: any WritableKeyPath<Section, Value?> & Sendable, _ kind: ValueKind<Value>,
        _ meaning: String, git: [String] = [], isApproved: Bool = true,
        counts: @escaping @Sendable (_ first: Section, _ second: Section) -> Bool = { _, _ in true },
        join: @escaping @Sendable (_ first: Value, _ second: Value) -> Value = { first, _ in first },
        check: @escaping @Sendable (Value, Section) throws(ConfigurationError.Problem) -> Void = { _, _ in },
        display: Display = Display()
    ) {
        (self.name, self.meaning, gitNames) = (name, meaning, git)
        (self.isApproved, self.display) = (isApproved, display)
        parse = { entries, section throws(ConfigurationError) in
            guard let entry = entries.table[name] else { return }
            do throws(ConfigurationError.Problem) {
                let value = try kind.parse(entry)
                try check(value, section)
                section[keyPath: path] = value
            } catch {
                throw entries.error(name, error)
            }
            section.sources[name] = Configuration.Source(file: entries.source.file, path: entries.path + [name])
        }
        parseGit = { text, url, section throws(ConfigurationError.Problem) in
            section[keyPath: path] = try kind.parse(kind.fromGit(text, url))
        }
        merge = { first, second, result in
            guard counts(first, second), let theirs = second[keyPath: path] else { return }
            if let ours = first[keyPath: path] {
                result[keyPath: path] = join(ours, theirs)
            } else {
                (result[keyPath: path], result.sources[name]) = (theirs, second.sources[name])
            }
        }
        value = { $0[keyPath: path].map(kind.write) }
    }

    /// The name for users.
    package var label: String { display.label ?? name.split(separator: "_").joined(separator: " ") }

    /// The row of the documentation: a line of a table in Markdown.
    package var row: String {
        let git = gitNames.enumerated().map { $0 == 0 ? "; in git: `credential.<url>.\($1)`" : " or `\($1)`" }
        return "| `\(name)` | \(meaning)\(git.joined()) |\n"
    }
}

extension ConfigurationSection {
    /// Reads all keys from `entries`.
    ///
    /// - Parameter besides: names that are no keys, and allowed.
    mutating func read(_ entries: Entries, besides others: Set<String> = []) throws(ConfigurationError) {
        try entries.refuseUnknown(besides: others.union(Self.keys.map(\.name)))
        for key in Self.keys { try key.parse(entries, &self) }
    }

    /// These values, and those of `other` for the keys that these do not set.
    func completed(by other: Self) -> Self {
        var result = self
        for key in Self.keys { key.merge(self, other, &result) }
        return result
    }

    /// The values in TOML.
    func table(_ isWanted: (ConfigurationKey<Self>) -> Bool = { _ in true }) -> TOMLTable {
        let table = TOMLTable()
        for key in Self.keys where isWanted(key) { table[key.name] = key.value(self)?.toml }
        return table
    }
}

/// The source of a setting.
package enum SettingOrigin: String, Sendable, Encodable {
    case file, discovery, git
    case knownHost = "known-host"
    case nobody = "default"
}
