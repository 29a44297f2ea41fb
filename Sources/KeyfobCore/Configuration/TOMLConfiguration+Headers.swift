extension TOMLConfiguration {
    /// Refuses what the parser cannot be shown: it takes NUL for the end of the file, and ends the whole process at a
    /// table header whose name does not begin as one (`[=`, `[[[`; known to its authors, marzer/tomlplusplus 301).
    ///
    /// A line that begins with a bracket is taken for a header. Inside of an array it may be none, but no array of ours
    /// has arrays in it.
    func refuseUnreadable() throws(ConfigurationError) {
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            if line.contains(0) { throw syntaxError(index + 1, "NUL has no place in it") }
            if !Self.isReadable(line) { throw syntaxError(index + 1, "a table's name must follow \"[\"") }
        }
    }

    private func syntaxError(_ line: Int, _ words: String) -> ConfigurationError {
        ConfigurationError(file: file, line: line, key: nil, problem: .syntax(words))
    }

    private static func isReadable(_ line: Substring.UTF8View) -> Bool {
        // A byte order mark may stand before the first line.
        var rest = line.starts(with: [0xEF, 0xBB, 0xBF]) ? line.dropFirst(3) : line
        func skipBlanks() { rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") } }
        skipBlanks()
        guard rest.first == UInt8(ascii: "[") else { return true }
        rest = rest.dropFirst()
        skipBlanks()
        if rest.first == UInt8(ascii: "[") {
            rest = rest.dropFirst()
            skipBlanks()
        }
        // What a closing bracket has to do here the parser says itself.
        return rest.first.map { $0.isBareKeyByte || "\"']".utf8.contains($0) } ?? false
    }
}
