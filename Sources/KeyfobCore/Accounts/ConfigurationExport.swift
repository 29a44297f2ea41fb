import Addresses
import CredentialProtocol
import TOMLKit

/// The configuration in one file, for another machine: the files of the user and of the machine, and the approvals.
///
/// No key can hold a secret: client secrets are in the keyring, like all other secrets.
package struct ConfigurationExport: Sendable {
    /// The file, in TOML.
    package let text: String
    /// The files that it names, which another machine may not have (`ca_file`).
    package let machineFiles: [String]

    /// - Parameter files: in the order of their precedence. A file need not exist.
    /// - Throws: ``ConfigurationError`` for the first error in any of them.
    package init(files: [String]) throws(ConfigurationError) {
        let configuration = try Configuration(files: files)
        let (root, hosts) = (configuration.table(), TOMLTable())
        for service in Set(configuration.hosts.map(\.service)) {
            let entries = configuration.hosts.filter { $0.service == service }
            guard let first = entries.first else { continue }
            hosts[service.description] = entries.dropFirst().reduce(first) { $0.completed(by: $1) }.table()
        }
        root["host"] = hosts
        text = Self.heading + root.convert(to: .toml) + "\n"
        machineFiles = Set(configuration.hosts.compactMap(\.certificateAuthorityFile)).sorted()
    }

    private static let heading =
        "# From keyfob export --config, for ~/.config/keyfob/config.toml on another machine.\n\n"
}
