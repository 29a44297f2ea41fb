package import CredentialProtocol
import Glibc
import OAuth
import TOMLKit

/// The services that a person has approved by a sign-in, each pinned to its authorization server.
///
/// A file that keyfob writes itself, in the grammar of the configuration, whose last layer it is: what discovery found
/// when somebody said yes holds until they log out, whatever the service says of its authorization server later. It
/// holds no secret, as ssh's list of known hosts holds none.
package struct Approvals: Sendable {
    /// The file; its directory is made with mode 0700 where it is absent.
    let file: String

    package init(file: String) {
        self.file = file
    }

    /// Writes down `host` in place of what was approved for the same service. Hosts that were agreed to for the same issuer
    /// stay.
    ///
    /// - Throws: ``ConfigurationError`` if the file cannot be read or written.
    package func add(_ host: Configuration.Host) throws(ConfigurationError) {
        try change { hosts in
            let (key, entry) = (host.service.description, Self.entry(host))
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
    @discardableResult
    package func remove(_ service: ServiceURL) throws(ConfigurationError) -> Bool {
        guard unsafe access(file, F_OK) == 0 else { return false }
        var found = false
        try change { hosts in
            for key in hosts.keys where (try? ServiceURL(key)) == service {
                _ = hosts.remove(at: key)
                found = true
            }
        }
        return found
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
        let directory = String(file[..<(file.lastIndex(of: "/") ?? file.startIndex)])
        makeDirectories(directory)
        let lock = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard lock >= 0 else { throw unusable(errno) }
        defer { close(lock) }  // which lets go of the lock
        while flock(lock, LOCK_EX) != 0 { guard errno == EINTR else { throw unusable(errno) } }

        let root = try current()
        let hosts = root["host"]?.table ?? TOMLTable()
        body(hosts)
        root["host"] = hosts
        let text = Self.heading + root.convert(to: .toml) + "\n"
        if try Configuration.read(file) != text { try replace(with: text) }
    }

    private static let heading =
        "# Written by keyfob: services that were signed in to, each with its authorization server.\n\n"

    private func current() throws(ConfigurationError) -> TOMLTable {
        guard let text = try Configuration.read(file) else { return TOMLTable() }
        _ = try TOMLConfiguration(text, file: file).decode()
        guard let table = try? TOMLTable(string: text) else { return TOMLTable() }
        return table
    }

    private func replace(with text: String) throws(ConfigurationError) {
        let bytes = Array(text.utf8)
        let temporary = file + ".new"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw unusable(errno) }
        let written = unsafe write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
        let code = errno
        close(descriptor)
        guard written else { throw unusable(code) }
        guard unsafe rename(temporary, file) == 0 else { throw unusable(errno) }
    }

    private func makeDirectories(_ path: String) {
        var current = ""
        for part in path.split(separator: "/") {
            current += "/" + part
            _ = unsafe mkdir(current, 0o700)
        }
    }

    private func unusable(_ code: Int32) -> ConfigurationError {
        ConfigurationError(file: file, line: nil, key: nil, problem: .unreadable(errno: code))
    }
}
