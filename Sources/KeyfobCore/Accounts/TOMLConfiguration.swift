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
            var names: [ServiceURL: String] = [:]
            for name in hosts.table.keys {
                guard let entry = try hosts.table(name) else { continue }
                let host = try host(name, entry)
                if let other = names[host.service] { throw twice(host.service, other, name) }
                names[host.service] = name
                configuration.hosts.append(host)
            }
        }
        return configuration
    }

    /// The error for two entries of one service. It names the line of the second one.
    private func twice(_ service: ServiceURL, _ one: String, _ other: String) -> ConfigurationError {
        let first = line(of: ["host", one])
        let isInOrder = (first ?? 0) <= (line(of: ["host", other]) ?? .max)
        let entry = Entries(table: TOMLTable(), path: ["host", isInOrder ? other : one], source: self)
        return entry.error(
            nil, .twice(service: service.description, line: isInOrder ? first : line(of: ["host", other])))
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
            let line = error.source.begin.line
            throw doubled(at: line)
                ?? ConfigurationError(file: file, line: line, key: nil, problem: .syntax(error.description))
        } catch {
            throw ConfigurationError(file: file, line: nil, key: nil, problem: .syntax("not TOML"))
        }
    }

    /// The error if the parser stopped at a line that names a table or a key once more; nil for any other error.
    private func doubled(at number: Int) -> ConfigurationError? {
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
        guard lines.indices.contains(number - 1), lines.count <= Self.mostLines,
            let named = Self.path(in: lines[number - 1])
        else { return nil }
        let before = lines.prefix(number - 1)
        let header =
            named.isHeader ? nil : before.reversed().lazy.compactMap { Self.path(in: $0) }.first { $0.isHeader }
        let (start, path) = (header?.parts ?? [], (header?.parts ?? []) + named.parts)
        let above = TOMLConfiguration(before.joined(separator: "\n"), file: file)
        for count in stride(from: path.count, to: start.count, by: -1) {
            let part = Array(path.prefix(count))
            guard let line = above.line(of: part) else { continue }
            let isTable = named.isHeader || count < path.count
            var error = Entries(table: TOMLTable(), path: part, source: self)
                .error(nil, .doubled(isTable: isTable, line: line))
            error.line = number
            return error
        }
        return nil
    }

    /// The table or the key that a single line names; nil if the line is something else.
    private static func path(in line: String) -> (parts: [String], isHeader: Bool)? {
        let single = TOMLConfiguration(line, file: "")
        guard (try? single.refuseUnreadable()) != nil, let root = try? TOMLTable(string: line + "\n") else {
            return nil
        }
        defer { extendLifetime(root) }
        var (table, parts): (TOMLTable, [String]) = (root, [])
        while let key = table.keys.first, table.keys.count == 1 {
            parts.append(key)
            guard let next = table[key]?.table else { break }
            table = next
        }
        let isHeader = line.utf8.first { !" \t".utf8.contains($0) } == UInt8(ascii: "[")
        return parts.isEmpty ? nil : (parts, isHeader)
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
