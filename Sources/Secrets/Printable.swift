/// Text that others wrote, made safe to show. This is the only way to show text from a server, a file or a caller.
package enum Printable {
    /// The maximum length in Unicode scalars.
    private static let limit = 200

    /// Returns at most 200 Unicode scalars of `text`, with "..." behind them if there are more.
    ///
    /// U+FFFD replaces control characters, format characters (such as those that change the writing direction, Unicode
    /// TR 9), line and paragraph separators, and private or unassigned characters. Otherwise the text could move the
    /// cursor, set the title of the terminal or write to the clipboard.
    package static func text(_ text: String) -> String {
        whole(String(text.unicodeScalars.prefix(limit))) + (text.unicodeScalars.dropFirst(limit).isEmpty ? "" : "...")
    }

    /// The same for text of any length, such as a command, an address or a path that the user is to copy: a part of it would
    /// not work.
    package static func whole(_ text: String) -> String {
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { shown.append(isHarmful(scalar) ? "\u{FFFD}" : scalar) }
        return String(shown)
    }

    /// Returns a URL ``withoutSecrets(_:)``, safe to show.
    package static func address(_ url: String) -> String { text(withoutSecrets(url)) }

    /// The same for a URL of any length.
    package static func wholeAddress(_ url: String) -> String { whole(withoutSecrets(url)) }

    /// Returns a URL without its user name and password, its query and its fragment, each of which may hold a token: "..."
    /// replaces everything between the scheme and the last at sign, and everything after the first question mark or hash
    /// behind that. So this is also right for text that is not a valid URL.
    package static func withoutSecrets(_ url: String) -> String {
        var start = url.startIndex
        var shown = ""
        if let at = url.utf8.lastIndex(of: UInt8(ascii: "@")) {
            let parts = url[..<at].parts(at: ":", maxSplits: 1)
            let scheme = parts.count == 2 && parts[1].begins(with: "//") ? parts[0] + "://" : ""
            (start, shown) = (at, scheme + "...")
        } else if let scheme = Array(url.utf8).place(of: Array("://".utf8)),
            case let authority = url.utf8.index(url.startIndex, offsetBy: scheme.upperBound),
            let colon = url[authority...].utf8.firstIndex(of: UInt8(ascii: ":")),
            !url[authority..<colon].utf8.contains(where: { "/?#[".utf8.contains($0) }),
            let port = url.utf8[colon...].dropFirst().first, !(0x30...0x39).contains(port)
        {
            // A password, cut off before the host.
            return url[..<authority] + "..."
        }
        guard let mark = url.utf8[start...].firstIndex(where: { "?#".utf8.contains($0) }),
            url.utf8.index(after: mark) < url.utf8.endIndex
        else { return shown + url[start...] }
        return shown + url[start...mark] + "..."
    }

    /// Whether ``text(_:)`` replaces the character.
    package static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        // The filler characters of Hangul count as letters, but are invisible.
        case .otherLetter: scalar.properties.isDefaultIgnorableCodePoint
        default: false
        }
    }
}
