import Secrets

/// The commands in `$BROWSER`, as xdg-open reads it: separated by colons; a command has words separated by blanks, and `%s`
/// stands for the address, which otherwise is the last word.
///
/// Beyond xdg-open, quotation marks and backslashes work as in a shell, and the path of a program may have blanks. Nothing
/// else means anything: no shell reads the text.
struct BrowserVariable {
    private let entries: [[String]]

    /// - Parameter isProgram: whether the text is the name or the path of a program.
    init(_ value: String, isProgram: (String) -> Bool) {
        entries = Self.split(value, at: ":").compactMap { entry in
            let text = Self.trimmed(entry)
            if isProgram(text) { return [text] }
            var words = Self.split(text, at: " \t\n").filter { !$0.isEmpty }.map(Self.unquoted)
            // An old convention for a browser that runs in the background, as all of ours do.
            if words.last == "&" { words.removeLast() }
            return words.isEmpty ? nil : words
        }
    }

    /// The command lines for an address, in the order in which to try them.
    func commands(for address: String) -> [[String]] {
        entries.map { words in
            let filled = words.dropFirst().map {
                $0.replacingBytes(of: "%s", with: address).replacingBytes(of: "%%", with: "%")
            }
            let hasPlace = words.dropFirst().contains { $0.replacingBytes(of: "%%", with: "").contains("%s") }
            return [words[0]] + (hasPlace ? filled : words.dropFirst() + [address])
        }
    }

    /// Splits at the separators outside of quotation marks. If the marks are not in pairs, they mean nothing.
    private static func split(_ text: String, at separators: String) -> [String] {
        var (parts, part, open): ([String], String.UnicodeScalarView, Unicode.Scalar?) = ([], .init(), nil)
        var isEscaped = false
        for scalar in text.unicodeScalars {
            if open == nil, !isEscaped, separators.unicodeScalars.contains(scalar) {
                parts.append(String(part))
                part = .init()
                continue
            }
            if isEscaped {
                isEscaped = false
            } else if scalar == "\\", open != "'" {
                isEscaped = true
            } else if scalar == open {
                open = nil
            } else if open == nil, scalar == "'" || scalar == "\"" {
                open = scalar
            }
            part.append(scalar)
        }
        guard open == nil else {
            return text.split(omittingEmptySubsequences: false) { separators.contains($0) }.map(String.init)
        }
        return parts + [String(part)]
    }

    /// The word without its quotation marks and backslashes; unchanged if the marks are not in pairs.
    private static func unquoted(_ word: String) -> String {
        var (result, open, isEscaped): (String.UnicodeScalarView, Unicode.Scalar?, Bool) = (.init(), nil, false)
        for scalar in word.unicodeScalars {
            if isEscaped {
                isEscaped = false
                result.append(scalar)
            } else if scalar == "\\", open != "'" {
                isEscaped = true
            } else if scalar == open {
                open = nil
            } else if open == nil, scalar == "'" || scalar == "\"" {
                open = scalar
            } else {
                result.append(scalar)
            }
        }
        return open == nil && !isEscaped ? String(result) : word
    }

    private static func trimmed(_ text: String) -> String {
        func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" || scalar == "\n" }
        let scalars = text.unicodeScalars.drop(while: isBlank)
        return scalars.lastIndex { !isBlank($0) }.map { String(Substring(scalars[...$0])) } ?? ""
    }
}
