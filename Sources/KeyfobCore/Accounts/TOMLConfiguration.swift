import Addresses
import CredentialProtocol
import TOMLKit

/// Reads one configuration file, strictly: an unknown key, a wrong type or a bad URL is an error with file, line and key.
package struct TOMLConfiguration {
    let text: String
    let file: String

    package init(_ text: String, file: String) {
        self.text = text
        self.file = file
    }

    func decode() throws(ConfigurationError) -> Configuration {
        let root = try parse()
        defer { extendLifetime(root) }  // the tables below it point into it
        let table = Entries(table: root, path: [], source: self)
        var configuration = Configuration()
        try configuration.read(table, besides: ["host"])
        if let hosts = try table.table("host") {
            for name in hosts.table.keys {
                guard let entry = try hosts.table(name) else { continue }
                let host = try host(name, entry)
                guard !configuration.hosts.contains(where: { $0.service == host.service }) else {
                    throw entry.error(nil, .twice(service: host.service.description))
                }
                configuration.hosts.append(host)
            }
        }
        return configuration
    }

    private func host(_ name: String, _ entry: Entries) throws(ConfigurationError) -> Configuration.Host {
        guard let service = try? ServiceURL(name), service.scheme == "https" || service.isLoopback else {
            throw entry.error(nil, .badURL(value: name))
        }
        var host = Configuration.Host(service: service)
        try host.read(entry)
        // Last: a misspelt key is named before the key that is missing because of it.
        if let missing = host.missingKey { throw entry.error(nil, .incomplete(missing: missing)) }
        return host
    }

    private func parse() throws(ConfigurationError) -> TOMLTable {
        try refuseUnreadable()
        do {
            return try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            throw ConfigurationError(
                file: file, line: error.source.begin.line, key: nil, problem: .syntax(error.description))
        } catch {
            throw ConfigurationError(file: file, line: nil, key: nil, problem: .syntax("not TOML"))
        }
    }

    /// The line on which the value at `path` begins.
    ///
    /// The parser does not tell the line, so it reads ever longer beginnings of the file. The value begins after the
    /// longest beginning that is TOML and lacks it. The time grows with the square of the lines, so only errors and
    /// `keyfob config` ask for a line, and a long file gets none.
    func line(of path: [String]) -> Int? {
        var lacking = 0
        // By bytes: Swift takes CR LF for one character, which is not LF.
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.count <= Self.mostLines else { return nil }
        for count in 1...max(lines.count, 1) {
            let part = lines.prefix(count).map { String(Substring($0)) + "\n" }.joined()
            guard let table = try? TOMLTable(string: part) else { continue }
            if Self.has(path[...], in: table) { return lacking + 1 }
            lacking = count
        }
        return nil
    }

    /// No user writes longer files.
    private static let mostLines = 2000

    private static func has(_ path: ArraySlice<String>, in table: TOMLTable) -> Bool {
        guard let key = path.first else { return true }
        guard let value = table[key] else { return false }
        return path.count == 1 || (value.table.map { has(path.dropFirst(), in: $0) } ?? false)
    }
}
