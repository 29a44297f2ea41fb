import Secrets

/// The URL that a wrong text probably means. keyfob only proposes it to the user.
///
/// Understood are:
/// - blanks, quotes and angle brackets around it
/// - a missing or misspelt scheme: `htps://`, `https:/`, `https//`, `https:\\`; git's other schemes; ssh's `user@host:path`
///   and `host:path/path`, also behind `ssh://`
/// - a host in other letters than ASCII, or with a dot at its end
/// - a port with zeros before it, and a colon without a port
struct URLRepair {
    /// `https`, `http` or `ssh`; nil if the text has none.
    let scheme: String?
    /// In ASCII, without a port.
    let host: String
    /// With its colon; empty if there is none, or none that can be a port.
    let port: String
    /// Whether the text has a port that can be none.
    let hasBadPort: Bool
    let path: String
    /// With its question mark; without a fragment.
    let query: String

    /// Returns nil if the text means no host over http, https or ssh.
    ///
    /// - Parameter ascii: the ASCII form of a host's name in other letters (RFC 5890 section 2.3.2.1), or nil.
    init?(_ text: String, ascii: (String) -> String?) {
        var (scheme, rest) = Self.schemeAndRest(Self.trimmed(Array(text.utf8)))
        // A URL that was pasted behind a scheme.
        if let inner = URLPieces(Array(rest)),
            ["https", "http"].contains(String(decoding: inner.scheme, as: UTF8.self))
        {
            (scheme, rest) = Self.schemeAndRest(Array(rest))
        }
        guard URLPieces.forbiddenByte(in: rest) == nil else { return nil }
        guard let pieces = URLPieces(Array(((scheme ?? "https") + "://").utf8) + rest) else { return nil }
        // The word before the slashes was meant as a scheme.
        guard !pieces.path.starts(with: "//".utf8) else { return nil }
        // A password that holds a slash or a question mark ends the host too early, and the proposal would show the rest.
        guard !(pieces.path + pieces.tail).contains(UInt8(ascii: "@")) else { return nil }
        self.scheme = scheme
        let isAddress6 = pieces.host.first == UInt8(ascii: "[")
        let last = pieces.host.firstIndex(of: UInt8(ascii: isAddress6 ? "]" : ":"))
        let end = isAddress6 ? last.map { $0 + 1 } : last
        var name = String(decoding: pieces.host[..<(end ?? pieces.host.endIndex)], as: UTF8.self)
        if !name.utf8.allSatisfy({ $0 < 0x80 }) {
            guard let converted = ascii(name) else { return nil }
            name = converted
        }
        host = name.ends(with: ".") ? String(name.dropLast()) : name
        let isSSH = scheme?.isSame(as: "ssh") == true
        let after = end.map { pieces.host[$0...].dropFirst() } ?? []
        let digits = isSSH ? [] : after
        // `ssh://user@host:group/project` is a mixture of both forms of ssh.
        let group: [UInt8] = isSSH && !after.allSatisfy(ASCII.isDigit) ? [UInt8(ascii: "/")] + after : []
        let number = digits.allSatisfy(ASCII.isDigit) ? Int(String(decoding: digits, as: UTF8.self)) : nil
        let isPort = number.map { (1...65_535).contains($0) } ?? false
        port = isPort ? number.map { ":\($0)" } ?? "" : ""
        hasBadPort = !isPort && !digits.isEmpty
        path = String(decoding: group + pieces.path, as: UTF8.self)
        let tail = pieces.tail.prefix { $0 != UInt8(ascii: "#") }
        query = tail.isEmpty ? "" : String(decoding: tail, as: UTF8.self)
    }

    /// The text without what people and mail programs put around a URL.
    private static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
        func isAround(_ byte: UInt8) -> Bool { byte <= 0x20 || "\"'`<>".utf8.contains(byte) }
        let beginning = bytes.drop(while: isAround)
        return Array(beginning.dropLast(beginning.reversed().prefix(while: isAround).count))
    }

    /// The scheme that is meant, and all that follows its slashes.
    private static func schemeAndRest(_ bytes: [UInt8]) -> (String?, ArraySlice<UInt8>) {
        let word = bytes.prefix { ASCII.isLetter($0) || ASCII.isDigit($0) || "+-.".utf8.contains($0) }
        let gap = bytes[word.endIndex...].prefix { ":;/\\".utf8.contains($0) }
        if let scheme = scheme(String(decoding: word, as: UTF8.self).asciiLowercased, before: gap) {
            return (scheme, bytes[gap.endIndex...])
        }
        // Any other scheme stays, and means no service.
        if let pieces = URLPieces(bytes) {
            return (String(decoding: pieces.scheme, as: UTF8.self).asciiLowercased, bytes[(word.endIndex + 3)...])
        }
        let authority = bytes.prefix { $0 != UInt8(ascii: "/") }
        if let colon = authority.lastIndex(of: UInt8(ascii: ":")), colon > authority.startIndex,
            authority[(colon + 1)...].contains(where: { !ASCII.isDigit($0) }),
            !authority[(colon + 1)...].contains(where: { "@]".utf8.contains($0) }),
            // Without a user, a path of one segment could as well be a port.
            authority[..<colon].contains(UInt8(ascii: "@"))
                || authority.endIndex < bytes.endIndex && !authority[..<colon].contains(UInt8(ascii: ":"))
        {
            return ("ssh", (authority[..<colon] + [UInt8(ascii: "/")] + bytes[(colon + 1)...])[...])
        }
        return (nil, bytes[...])
    }

    /// The scheme that a word means before these colons and slashes; nil if it is a host.
    private static func scheme(_ word: String, before gap: ArraySlice<UInt8>) -> String? {
        let isColon = gap.count == 1 && gap.first == UInt8(ascii: ":")
        guard gap.contains(where: { "/\\".utf8.contains($0) }) || isColon else { return nil }
        switch word {
        case "https", "http": return word
        case _ where isColon: return nil
        case "ssh", "git+ssh", "ssh+git": return "ssh"
        case "git", "git+https", "git+http": return "https"
        default:
            // Not every word that is near it: `host//path`, `ftp://`, `tftp://`.
            let isSimilar = word.begins(with: "h") && word.holds("p") || ["ttp", "ttps"].contains(word)
            return isSimilar && !word.holds(".") ? word.nearest(among: ["https", "http"]) : nil
        }
    }

    /// The text of a URL over http or https; nil for other schemes.
    ///
    /// - Parameter withQuery: whether it keeps the query.
    func url(withQuery: Bool) -> String? {
        guard scheme == nil || ["https", "http", "ssh"].contains(scheme) else { return nil }
        let place = host + port + path + (withQuery ? query : "")
        let isHere = HostName.isLoopback(host.asciiLowercased)
        return (isHere && scheme != "https" ? "http://" : "https://") + place
    }
}

extension ServiceURL {
    /// The service that a text probably means which is no service's URL. User name, query and fragment are left out.
    /// Returns nil if there is no such service.
    ///
    /// - Parameter ascii: the ASCII form of a host's name in other letters (RFC 5890 section 2.3.2.1), or nil.
    package static func proposal(for text: String, ascii: (String) -> String? = { _ in nil }) -> ServiceURL? {
        URLRepair(text, ascii: ascii)?.url(withQuery: false)
            .flatMap { (try? EndpointURL($0)) == nil ? nil : try? ServiceURL($0) }
    }

    /// Whether a text means a service, but has a port that can be none.
    package static func hasBadPort(_ text: String, ascii: (String) -> String? = { _ in nil }) -> Bool {
        URLRepair(text, ascii: ascii)?.hasBadPort == true
    }
}

extension EndpointURL {
    /// The endpoint that a text probably means which is none. User name and fragment are left out, everything else after the
    /// host is unchanged. Returns nil if there is no such endpoint.
    ///
    /// - Parameter ascii: as for `ServiceURL`.
    package static func proposal(for text: String, ascii: (String) -> String? = { _ in nil }) -> EndpointURL? {
        URLRepair(text, ascii: ascii)?.url(withQuery: true).flatMap { try? EndpointURL($0) }
    }
}
