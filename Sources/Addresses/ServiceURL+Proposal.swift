import Secrets

extension ServiceURL {
    /// The service that a text probably means which is no service's URL: without a scheme, with http, or as ssh's
    /// `git@host:path`. User name, query and fragment are left out. Returns nil if there is no such service.
    ///
    /// - Parameter ascii: the ASCII form of a host's name in other letters (RFC 5890 section 2.3.2.1), or nil.
    package static func proposal(for text: String, ascii: (String) -> String? = { _ in nil }) -> ServiceURL? {
        guard URLPieces.forbiddenByte(in: text.utf8) == nil, let whole = URLPieces(withScheme(text)),
            ["http", "https", "ssh"].contains(String(decoding: whole.scheme, as: UTF8.self).asciiLowercased)
        else { return nil }
        let end = whole.host.firstIndex(of: UInt8(ascii: ":")) ?? whole.host.endIndex
        var name = String(decoding: whole.host[..<end], as: UTF8.self)
        if !name.utf8.allSatisfy({ $0 < 0x80 }) {
            guard let converted = ascii(name) else { return nil }
            name = converted
        }
        let isSSH = whole.scheme.count == 3
        let place = name + String(decoding: (isSSH ? [] : whole.host[end...]) + whole.path, as: UTF8.self)
        if let here = try? ServiceURL("http://" + place), here.isLoopback { return here }
        return try? ServiceURL("https://" + place)
    }

    /// The text with a scheme: `https` unless it has one or is ssh's `user@host:path`.
    private static func withScheme(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        if URLPieces(bytes) != nil { return bytes }
        let authority = bytes.prefix { $0 != UInt8(ascii: "/") }
        if authority.contains(UInt8(ascii: "@")), let colon = authority.lastIndex(of: UInt8(ascii: ":")),
            authority[..<colon].contains(UInt8(ascii: "@")),
            authority[(colon + 1)...].contains(where: { !ASCII.isDigit($0) })
        {
            return Array("ssh://".utf8) + authority[..<colon] + [UInt8(ascii: "/")] + bytes[(colon + 1)...]
        }
        return Array("https://".utf8) + bytes
    }
}
