import CredentialProtocol
import TOMLKit

/// The configuration as another machine would want it: what the person has written, what the machine's administrator has,
/// and what was approved by sign-ins, in one file.
///
/// The grammar has no place for a secret: client secrets are in the keyring, as all others are.
package struct ConfigurationExport: Sendable {
    /// The file, in TOML.
    package let text: String
    /// The files that it names, which another machine may not have (`ca_file`).
    package let machineFiles: [String]

    /// - Parameter files: in the order of their precedence; an absent file says nothing.
    /// - Throws: ``ConfigurationError`` for the first thing that is wrong in any of them.
    package init(files: [String]) throws(ConfigurationError) {
        let (root, hosts) = (TOMLTable(), TOMLTable())
        var entries: [(service: ServiceURL, name: String, table: TOMLTable)] = []
        var named: [String] = []
        for file in files {
            guard let text = try Configuration.read(file) else { continue }
            let layer = try TOMLConfiguration(text, file: file).decode()
            guard let table = try? TOMLTable(string: text) else { continue }
            for key in table.keys where key != "host" && root[key] == nil { root[key] = table[key] }
            for (name, service) in Self.names(table["host"]?.table) {
                guard let entry = table["host"]?.table?[name]?.table else { continue }
                if let known = entries.first(where: { $0.service == service }) {
                    Self.complete(known.table, by: entry)
                } else {
                    entries.append((service, name, TOMLTable()))
                    Self.complete(entries[entries.count - 1].table, by: entry)
                }
            }
            named += layer.hosts.compactMap(\.certificateAuthorityFile)
            extendLifetime(table)
        }
        for entry in entries { hosts[entry.name] = entry.table }
        root["host"] = hosts
        text = Self.heading + root.convert(to: .toml) + "\n"
        machineFiles = Set(named).sorted()
    }

    private static let heading =
        "# From keyfob export --config, for ~/.config/keyfob/config.toml on another machine.\n\n"

    private static func names(_ hosts: TOMLTable?) -> [(name: String, service: ServiceURL)] {
        (hosts?.keys ?? []).compactMap { name in (try? ServiceURL(name)).map { (name, $0) } }
    }

    /// Adds what the entry says and `table` does not. How near its server may be is said of that server alone.
    private static func complete(_ table: TOMLTable, by entry: TOMLTable) {
        let hasServer = ["issuer", "token_endpoint"].contains { table[$0] != nil }
        let ofServer = [
            "issuer", "authorization_endpoint", "token_endpoint", "device_authorization_endpoint",
            "revocation_endpoint", "reach", "endpoint_hosts",
        ]
        for key in entry.keys where table[key] == nil && !(hasServer && ofServer.contains(key)) {
            table[key] = entry[key]
        }
    }
}
