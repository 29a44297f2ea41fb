package import CredentialProtocol
import Files
import OAuth
import TOMLKit

/// The services that a person has approved by a sign-in, each pinned to its authorization server.
///
/// A file that keyfob writes itself, in the grammar of the configuration, whose last layer it is: what discovery found
/// when somebody said yes holds until they log out, whatever the service says of its authorization server later. It
/// holds no secret, as ssh's list of known hosts holds none.
package struct Approvals: Sendable {
    /// The file; its directory is made with mode 0700 where it is absent, and has to be this user's alone.
    let file: String

    package init(file: String) {
        self.file = file
    }

    /// Writes down `host` in place of what was approved for the same service. Hosts that were agreed to for the same issuer
    /// stay.
    ///
    /// - Throws: ``ConfigurationError`` if the file cannot be read or written.
    package func add(_ host: Configuration.Host) throws(ConfigurationError) {
        let (key, entry) = (host.service.description, try smallEntry(host))
        try change { hosts in
            if entry["endpoint_hosts"] == nil, let before = hosts[key]?.table,
                let issuer = before["issuer"]?.string, entry["issuer"]?.string == issuer
            {
                entry["endpoint_hosts"] = before["endpoint_hosts"]
            }
            hosts[key] = entry
        }
    }

    /// Writes down at which hosts beside the issuer's own the server of `account` may have endpoints.
    ///
    /// - Throws: ``ConfigurationError`` if the file cannot be read or written.
    package func agree(_ account: Account, hosts agreed: [String]) throws(ConfigurationError) {
        guard case .issuer(let issuer, _, _) = account.server else { return }
        try change { hosts in
            let key = account.service.description
            let entry = hosts[key]?.table.flatMap { $0["issuer"]?.string == issuer ? $0 : nil } ?? TOMLTable()
            (entry["issuer"], entry["reach"]) = (issuer, account.reach?.rawValue)
            entry["endpoint_hosts"] = TOMLArray(agreed)
            hosts[key] = entry
        }
    }

    /// Forgets what was approved for exactly this service; whether there was something.
    ///
    /// - Throws: ``ConfigurationError`` where the file cannot be read or written. One that cannot be read and nowhere names
    ///   the service holds nothing to be forgotten.
    @discardableResult
    package func remove(_ service: ServiceURL) throws(ConfigurationError) -> Bool {
        guard Paths.exists(file) else { return false }
        do throws(ConfigurationError) {
            _ = try current()
        } catch {
            if Configuration.mayName(service, error) { throw error }
            return false
        }
        var found = false
        try change { hosts in
            for key in hosts.keys where (try? ServiceURL(key)) == service {
                _ = hosts.remove(at: key)
                found = true
            }
        }
        return found
    }

    /// The most entries that the file may have: with more of them every command would take longer, and one day none could
    /// read it.
    package static let mostEntries = 1000
    /// The most that one entry may take, in bytes. A server chooses how many scopes it names.
    static let largestEntry = 16_384

    /// Makes sure that ``add(_:)`` would find room for `host`.
    ///
    /// - Throws: ``ConfigurationError`` where the file cannot be read, has no room, or is in a directory of another user.
    package func refuseIfFull(for host: Configuration.Host) throws(ConfigurationError) {
        try ConfigurationError.wrapping { () throws(FileError) in
            let directory = Paths.parent(of: file)
            try OwnDirectory.make(directory)
            try OwnDirectory.refuseObstacle(to: directory)
            try refuseOthers(directory)
        }
        let (root, entry) = (try current(), try smallEntry(host))
        _ = try text(of: root, changedBy: { hosts in hosts[host.service.description] = entry })
        extendLifetime(root)
    }

    private func smallEntry(_ host: Configuration.Host) throws(ConfigurationError) -> TOMLTable {
        let entry = Self.entry(host)
        guard entry.convert(to: .toml).utf8.count <= Self.largestEntry else {
            throw ConfigurationError(
                file: file, line: nil, key: "host.\"\(host.service)\"",
                problem: .entryTooLarge(bytes: Self.largestEntry))
        }
        return entry
    }

    /// What is written down of `host`.
    static func entry(_ host: Configuration.Host) -> TOMLTable {
        let table = TOMLTable()
        switch host.server {
        case .issuer(let issuer, _, _): table["issuer"] = issuer
        case .endpoints, nil: break  // a known host's: the table of known hosts has them
        }
        table["reach"] = host.reach?.rawValue
        table["endpoint_hosts"] = host.endpointHosts.map { TOMLArray($0) }
        table["client_id"] = host.clientID
        table["flow"] = host.flow?.rawValue
        table["provider"] = host.provider
        table["scopes"] = host.scopes.map { TOMLArray($0) }
        table["offline_access"] = host.offlineAccess
        table["username"] = host.username
        table["account"] = host.account
        table["pkce"] = host.pkce?.rawValue
        table["ca_file"] = host.certificateAuthorityFile
        table["redirect_uri"] = host.redirect?.uri(port: nil)
        table["resource_parameter"] = host.resourceParameter?.rawValue
        if let uri = host.resource?.uri { table["resource"] = uri }
        return table
    }

    /// Reads the file, lets `body` change its hosts, and puts the new one in the place of the old one: a reader sees the
    /// one or the other. Programs that do so at once take turns.
    private func change(_ body: (TOMLTable) -> Void) throws(ConfigurationError) {
        let directory = try ConfigurationError.wrapping(of: file) { () throws(FileError) in try locked() }
        defer { directory.unlock() }
        let root = try current()
        let text = try text(of: root, changedBy: body)
        if try Configuration.read(file) != text {
            let name = Paths.name(of: file)
            try ConfigurationError.wrapping(of: file) { () throws(FileError) in
                try directory.replace(
                    name, with: Array(text.utf8), OpenFile.Attributes(mode: 0o600), temporary: name + ".new")
            }
        }
        extendLifetime(root)
    }

    /// The directory of the list, made if it is missing, and locked.
    private func locked() throws(FileError) -> OpenFile {
        let path = Paths.parent(of: file)
        try OwnDirectory.make(path)
        let directory = try OpenFile(directory: path)
        try refuseOthers(path)
        try directory.lock()
        return directory
    }

    /// - Throws: ``FileError`` if the directory of the list is not this user's, or others can write to it. A directory of
    ///   root is refused, too: keyfob cannot write to it.
    private func refuseOthers(_ directory: String) throws(FileError) {
        let status = try FileStatus(of: directory)
        guard status.isOurs else { throw FileError(directory, .ofAnotherUser(status.owner)) }
        try status.refuseOthers(directory)
    }

    private static let heading =
        "# Written by keyfob: services that were signed in to, each with its authorization server.\n\n"

    private func current() throws(ConfigurationError) -> TOMLTable {
        guard let text = try Configuration.read(file) else { return TOMLTable() }
        _ = try TOMLConfiguration(text, file: file).decode()
        guard let table = try? TOMLTable(string: text) else { return TOMLTable() }
        return table
    }

    /// The file with its hosts changed, which is never one that could not be read back.
    private func text(
        of root: TOMLTable, changedBy body: (TOMLTable) -> Void
    ) throws(ConfigurationError) -> String {
        let hosts = root["host"]?.table ?? TOMLTable()
        let before = hosts.keys.count
        body(hosts)
        let after = hosts.keys.count
        root["host"] = hosts  // a copy: what was there is gone now, and `hosts` may have pointed into it
        let text = Self.heading + root.convert(to: .toml) + "\n"
        // What is there already may go, whatever its size.
        guard after >= before else { return text }
        guard after <= Self.mostEntries, text.utf8.count <= TrustedFile.largest else {
            throw error(.full(entries: before))
        }
        do throws(ConfigurationError) {
            _ = try TOMLConfiguration(text, file: file).decode()
        } catch {
            throw ConfigurationError(file: file, line: nil, key: error.key, problem: error.problem)
        }
        return text
    }

    private func error(_ problem: ConfigurationError.Problem) -> ConfigurationError {
        ConfigurationError(file: file, line: nil, key: nil, problem: problem)
    }
}
