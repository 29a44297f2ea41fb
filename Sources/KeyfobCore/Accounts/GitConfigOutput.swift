/// The output of `git config -z --get-urlmatch SECTION URL`: for each setting its name, LF, its value, NUL.
enum GitConfigOutput {
    /// The values by the name of the setting, in lower case and without the section. Settings without a value are left out.
    static func values(_ output: [UInt8], section: String) -> [String: String] {
        var values: [String: String] = [:]
        for entry in output.split(separator: 0) {
            let parts = entry.split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            let name = String(decoding: parts[0], as: UTF8.self).lowercased()
            guard name.hasPrefix(section + ".") else { continue }
            values[String(name.dropFirst(section.count + 1))] = String(decoding: parts[1], as: UTF8.self)
        }
        return values
    }
}
