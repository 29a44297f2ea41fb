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
            if case .syntax = error.problem { return value(in: written) }
            return nil
        default: return nil
        }
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
        var inner = bytes[(start + 1)..<max(end, start + 1)].drop { $0 <= 0x20 }
        let host = Array("host".utf8)
        let follows = inner.dropFirst(host.count).first.map { ". \t\"'".utf8.contains($0) } ?? false
        if inner.starts(with: host), follows {
            inner = inner.dropFirst(host.count).drop { ". \t".utf8.contains($0) }
        } else if Array(inner).firstRange(of: Array("://".utf8)) == nil {
            return nil
        }
        func isQuote(_ byte: UInt8) -> Bool { "\"'".utf8.contains(byte) }
        let name = inner.drop(while: isQuote)
        let quotes = name.reversed().prefix(while: isQuote).count
        return name.isEmpty ? nil : String(decoding: name.dropLast(quotes), as: UTF8.self)
    }

    private static func header(_ service: String, _ ascii: (String) -> String?) -> String? {
        ServiceURL.proposal(for: service, ascii: ascii).map { "[host.\"\($0)\"]" }
    }

    /// The line of a key whose value is a URL.
    private static func value(_ name: String, url: String, _ ascii: (String) -> String?) -> String? {
        if name == "resource", ["false", "no", "none", ""].contains(url.asciiLowercased) { return "resource = false" }
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
