package import Addresses
import Files
import OAuth
import TOMLKit

/// The services that the user has approved by a sign-in, each pinned to its authorization server.
///
/// keyfob writes this file itself, with the keys of the configuration, and it is the last layer of the configuration. The
/// result of discovery counts from the user's approval to the logout, even if the service names another authorization
/// server later. The file has no secret in it, like ssh's list of known hosts.
package struct Approvals: Sendable {
    /// The file. Its directory is created with mode 0700, and must belong to this user alone.
    let file: String

    package init(file: String) {
        self.file = file
    }

    /// Replaces the entry for the same service by `host`. Hosts that the user agreed to for the same issuer stay.
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

    /// Writes the hosts besides the issuer's own on which the server of `account` may have endpoints.
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

    /// Writes the user's answer to the question where to keep sign-ins. The configuration's own `store` counts before it.
    ///
    /// - Throws: ``ConfigurationError`` if the file cannot be read or written.
    package func keep(_ store: StoreSetting) throws(ConfigurationError) {
        try change(root: { $0["store"] = store.rawValue }, { _ in })
    }

    /// Removes the entry for exactly this service. Returns false if there is none.
    ///
    /// - Throws: ``ConfigurationError`` if the file cannot be read or written. An unreadable file that does not contain
    ///   the name of the service counts as one without an entry.
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

    /// The largest number of entries: more of them would slow every command down, and could make the file too large to read.
    package static let mostEntries = 1000
    /// The size limit of one entry in bytes. A server chooses the number of its scopes.
    static let largestEntry = 16_384

    /// Makes sure that ``add(_:)`` would work for `host`: writes the new list, and deletes it again.
    ///
    /// - Throws: ``ConfigurationError`` if the file cannot be read or written, has no room, or is in a directory of another
    ///   user.
    package func refuseIfFull(for host: Configuration.Host) throws(ConfigurationError) {
        try ConfigurationError.wrapping(isWriting: true) { () throws(FileError) in
            let directory = Paths.parent(of: file)
            try OwnDirectory.make(directory)
            try OwnDirectory.refuseObstacle(to: directory)
            try refuseOthers(directory)
        }
        let (root, entry) = (try current(), try smallEntry(host))
        let text = try text(of: root, changedBy: { hosts in hosts[host.service.description] = entry })
        extendLifetime(root)
        try ConfigurationError.wrapping(of: file, isWriting: true) { () throws(FileError) in
            let directory = try locked()
            defer { directory.unlock() }
            try directory.tryReplacing(with: Array(text.utf8), temporary: Paths.name(of: file) + ".new")
        }
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

    /// The entry for `host`, without endpoints: those are in the table of known hosts or in the user's own file.
    static func entry(_ host: Configuration.Host) -> TOMLTable {
        host.table { $0.isApproved }
    }

    /// Reads the file, lets `body` change its hosts, and replaces the file: a reader sees the old one or the new one. A lock
    /// serializes programs that do so at the same time.
    private func change(
        root edit: (TOMLTable) -> Void = { _ in }, _ body: (TOMLTable) -> Void
    ) throws(ConfigurationError) {
        let directory = try ConfigurationError.wrapping(of: file, isWriting: true) { () throws(FileError) in
            try locked()
        }
        defer { directory.unlock() }
        let root = try current()
        edit(root)
        let text = try text(of: root, changedBy: body)
        if try Configuration.read(file) != text {
            let name = Paths.name(of: file)
            try ConfigurationError.wrapping(of: file, isWriting: true) { () throws(FileError) in
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

    /// Returns the file with its hosts changed, and makes sure that it can be read back.
    private func text(
        of root: TOMLTable, changedBy body: (TOMLTable) -> Void
    ) throws(ConfigurationError) -> String {
        let hosts = root["host"]?.table ?? TOMLTable()
        let before = hosts.keys.count
        body(hosts)
        let after = hosts.keys.count
        root["host"] = hosts  // a copy: the old table is freed now, and `hosts` may have pointed into it
        let text = Self.heading + root.convert(to: .toml) + "\n"
        // An entry can always be removed, even if the file is too large.
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
