import Addresses
import OAuth
import Secrets

/// A line of a configuration file as the user probably meant it. It is only proposed.
package enum MeantLine {
    /// The line to write instead of the one with the error; nil if keyfob cannot guess it.
    ///
    /// - Parameter ascii: the ASCII form of a host's name in other letters, or nil.
    package static func instead(of error: ConfigurationError, ascii: (String) -> String?) -> String? {
        let written = line(of: error)
        switch error.problem {
        case .badURL(let value):
            if let name = valueName(in: error) { return Self.value(name, url: value, ascii) }
            return header(written.flatMap(service) ?? value, ascii)
        case .syntax, .unknownKey, .wrongType:
            guard let written else { return nil }
            if let service = service(in: written) {
                // What is there already would be no help, for instance if the file has it twice.
                return header(service, ascii).flatMap { bare(Substring(written)).begins(with: $0) ? nil : $0 }
            }
            switch error.problem {
            case .syntax: return value(in: written)
            case .wrongType(let expected): return line(written, of: error, expected: expected, ascii)
            default: return nil
            }
        case .notAllowed(let value, let allowed):
            let isOfGit = error.file == ConfigurationError.git
            let last = isOfGit ? error.key?.parts(at: ".").last.map(String.init) : nil
            guard let name = valueName(in: error) ?? last else { return nil }
            return meant(value, among: allowed).map { "\(name) = \"\($0)\"" }
        default: return nil
        }
    }

    /// The allowed word that the user may have meant; nil if none is similar, or several are.
    private static func meant(_ value: String, among allowed: [String]) -> String? {
        if allowed.count == 1 { return allowed.first }
        let word = value.foldedWord
        if let near = word.nearest(among: allowed.map(\.foldedWord)) {
            return allowed.first { $0.foldedWord.isSame(as: near) }
        }
        // With something added or left out: `gitlab-ce`, `azure`.
        let alike = allowed.filter {
            let folded = $0.foldedWord
            return word.utf8.count > 2 && (folded.begins(with: word) || word.begins(with: folded))
        }
        return alike.count == 1 ? alike.first : nil
    }

    /// The line with its value in the type that the key has.
    private static func line(
        _ written: String, of error: ConfigurationError, expected: String, _ ascii: (String) -> String?
    ) -> String? {
        if expected == "a table" { return error.key.flatMap(quoted).flatMap { header($0, ascii) } }
        guard let name = valueName(in: error) else { return nil }
        let parts = written.parts(at: "=", maxSplits: 1)
        guard parts.count == 2, bare(parts[0]).isSame(as: name) else { return nil }
        let value = bare(parts[1].parts(at: "#", maxSplits: 1)[0])
        let isOutside = Configuration.keys.map(\.name).holdsSame(as: name)
        let proposal: String? =
            if expected.begins(with: "a number of seconds") {
                "\(name) = \(seconds(value))"
            } else if expected.begins(with: "an array of hosts") {
                hosts(in: value, ascii).map { "\(name) = [\($0.map { "\"\($0)\"" }.joined(separator: ", "))]" }
            } else if let only = quoted(value), value.begins(with: "["), !value.holds(",") {
                "\(name) = \"\(only)\""
            } else if let first = value.utf8.first, "+-0123456789".utf8.contains(first), !value.holds("\"") {
                "\(name) = \"\(value)\""
            } else {
                nil
            }
        return proposal.flatMap { isReadable($0, isOutside: isOutside) ? $0 : nil }
    }

    /// Whether the line alone is right.
    private static func isReadable(_ line: String, isOutside: Bool) -> Bool {
        do throws(ConfigurationError) {
            _ = try TOMLConfiguration((isOutside ? "" : "[host.\"https://a.example\"]\n") + line + "\n", file: "")
                .decode()
            return true
        } catch {
            if case .incomplete = error.problem { return true }
            return false
        }
    }

    /// The text between the first two quotes.
    private static func quoted(_ text: String) -> String? {
        let parts = text.parts(at: text.holds("\"") ? "\"" : "'")
        return parts.count >= 3 && !parts[1].isEmpty ? String(parts[1]) : nil
    }

    /// A number of seconds: the value in the unit that follows it. If it is no number, the default.
    private static func seconds(_ value: String) -> Int {
        let text = quoted(value) ?? value
        let digits = text.utf8.prefix { (0x30...0x39).contains($0) }
        let units: [String: Int] = ["": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400]
        let unit = String(Substring(text.utf8.dropFirst(digits.count))).foldedWord.utf8.first
        let scale = units[unit.map { String(decoding: [$0], as: UTF8.self) } ?? ""]
        guard let number = Int(Substring(digits)), let scale, number > 0 else { return 300 }
        return number > 86_400 / scale ? 86_400 : number * scale
    }

    /// The hosts in a list of them, or of their URLs.
    private static func hosts(in value: String, _ ascii: (String) -> String?) -> [String]? {
        let words = value.utf8.split { $0 <= 0x20 || "[]\"',".utf8.contains($0) }.map { String(Substring($0)) }
        let hosts = words.compactMap { EndpointURL.proposal(for: $0, ascii: ascii)?.authority }
        return words.isEmpty || hosts.count < words.count ? nil : hosts
    }

    /// The address of the service that the line of an error names, without its quotes; nil if it names none.
    package static func service(at error: ConfigurationError) -> String? {
        valueName(in: error) == nil ? line(of: error).flatMap(service) : nil
    }

    /// The name of the key whose value is wrong; nil if the name of a service is.
    package static func valueName(in error: ConfigurationError) -> String? {
        guard let name = error.key?.parts(at: ".").last.map(String.init) else { return nil }
        let isKey = (Configuration.Host.keys.map(\.name) + Configuration.keys.map(\.name)).holdsSame(as: name)
        let isOfGit = Configuration.Host.keys.flatMap(\.gitNames).holdsSame(as: name)
        return isKey || isOfGit ? name : nil
    }

    private static func line(of error: ConfigurationError) -> String? {
        guard let number = error.line, let text = try? Configuration.read(error.file) else { return nil }
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return lines.indices.contains(number - 1) ? String(Substring(lines[number - 1])) : nil
    }

    /// The service in a line such as `[host.https://x]`, `[host "https://x"]` or `[https://x]`.
    private static func service(in line: String) -> String? {
        let bytes = Array(line.utf8)
        guard let start = bytes.firstIndex(of: UInt8(ascii: "[")), bytes[..<start].allSatisfy({ $0 <= 0x20 }) else {
            return nil
        }
        let end = bytes.lastIndex(of: UInt8(ascii: "]")) ?? bytes.endIndex
        // A table of an array has two brackets.
        var inner = bytes[(start + 1)..<max(end, start + 1)].drop { $0 <= 0x20 || $0 == UInt8(ascii: "[") }
        let host = Array("host".utf8)
        let follows = inner.dropFirst(host.count).first.map { ". \t\"'".utf8.contains($0) } ?? false
        if inner.starts(with: host), follows {
            inner = inner.dropFirst(host.count).drop { ". \t".utf8.contains($0) }
        } else if Array(inner).firstRange(of: Array("://".utf8)) == nil {
            return nil
        }
        func isQuote(_ byte: UInt8) -> Bool { "\"'".utf8.contains(byte) }
        let name = inner.drop(while: isQuote)
        let quotes = name.reversed().prefix { isQuote($0) || $0 == UInt8(ascii: "]") }.count
        return name.isEmpty ? nil : String(decoding: name.dropLast(quotes), as: UTF8.self)
    }

    private static func header(_ service: String, _ ascii: (String) -> String?) -> String? {
        ServiceURL.proposal(for: service, ascii: ascii).map { "[host.\"\($0)\"]" }
    }

    /// The line of a key whose value is a URL.
    private static func value(_ name: String, url: String, _ ascii: (String) -> String?) -> String? {
        guard let proposal = EndpointURL.proposal(for: url, ascii: ascii)?.string else { return nil }
        let isRedirect = Configuration.Host.keys.contains {
            $0.name == "redirect_uri" && ($0.name.isSame(as: name) || $0.gitNames.holdsSame(as: name))
        }
        if !isRedirect { return proposal.isSame(as: url) ? nil : "\(name) = \"\(proposal)\"" }
        let plain = proposal.begins(with: "https://") ? "http://" + proposal.dropFirst("https://".count) : proposal
        return (try? RedirectTemplate(plain)).map { _ in "\(name) = \"\(plain)\"" }
    }

    /// The line with quotes around its value, if they are missing.
    private static func value(in line: String) -> String? {
        let parts = line.parts(at: "=", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        let name = bare(parts[0])
        let isKey = (Configuration.Host.keys.map(\.name) + Configuration.keys.map(\.name)).holdsSame(as: name)
        // A comment begins with `#`, which no URL of the configuration holds.
        let value = withoutCurlyQuotes(bare(parts[1].parts(at: "#", maxSplits: 1)[0]))
        guard isKey, let first = value.utf8.first, !"\"'[{".utf8.contains(first), !value.holds("\"") else { return nil }
        let isList = ["scopes", "endpoint_hosts", "mail"].holdsSame(as: name)
        guard isList else { return "\(name) = \"\(value)\"" }
        let words = value.utf8.split { $0 <= 0x20 || $0 == UInt8(ascii: ",") }.map { "\"\(Substring($0))\"" }
        return "\(name) = [\(words.joined(separator: ", "))]"
    }

    /// The text without the quotation marks that word processors write.
    private static func withoutCurlyQuotes(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { !(0x2018...0x201F).contains($0.value) }))
    }

    private static func bare(_ text: Substring) -> String {
        let start = text.utf8.drop { $0 <= 0x20 }
        return String(Substring(start.dropLast(start.reversed().prefix { $0 <= 0x20 }.count)))
    }
}
