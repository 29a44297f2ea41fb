import OAuth
import TOMLKit

/// The entries of one TOML table, each read as the type it must have.
struct Entries {
    let table: TOMLTable
    let path: [String]
    let source: TOMLConfiguration

    var keys: [String] { table.keys }

    func refuseUnknown(besides known: Set<String>) throws(ConfigurationError) {
        for key in table.keys.sorted() where !known.contains(key) { throw error(key, .unknownKey) }
    }

    func string(_ key: String) throws(ConfigurationError) -> String? {
        guard let value = table[key] else { return nil }
        guard let string = value.string, !string.isEmpty, string.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw error(key, .wrongType(expected: "a string"))
        }
        return string
    }

    /// An absolute path: a relative one would name a file of the working directory, which may be anybody's.
    func path(_ key: String) throws(ConfigurationError) -> String? {
        guard let path = try string(key) else { return nil }
        guard path.hasPrefix("/") else { throw error(key, .wrongType(expected: "an absolute path")) }
        return path
    }

    func strings(_ key: String) throws(ConfigurationError) -> [String]? {
        guard let value = table[key] else { return nil }
        guard let array = value.array else { throw error(key, .wrongType(expected: "an array of strings")) }
        var strings: [String] = []
        for element in array {
            guard let string = element.string, !string.isEmpty, string.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F })
            else {
                throw error(key, .wrongType(expected: "an array of strings without spaces"))
            }
            strings.append(string)
        }
        return strings
    }

    /// A whole number of seconds, from 1 to a day.
    func seconds(_ key: String) throws(ConfigurationError) -> Int64? {
        guard let value = table[key] else { return nil }
        guard let number = value.int, (1...86_400).contains(number) else {
            throw error(key, .wrongType(expected: "a number of seconds from 1 to 86400"))
        }
        return Int64(number)
    }

    func oneOf(_ key: String, _ allowed: [String]) throws(ConfigurationError) -> String? {
        guard let word = try string(key) else { return nil }
        guard allowed.contains(word) else { throw error(key, .notAllowed(value: word, allowed: allowed)) }
        return word
    }

    func endpoint(_ key: String) throws(ConfigurationError) -> EndpointURL? {
        guard let text = try string(key) else { return nil }
        guard let url = try? EndpointURL(text) else { throw error(key, .badURL(value: text)) }
        return url
    }

    func bool(_ key: String) throws(ConfigurationError) -> Bool? {
        guard let value = table[key] else { return nil }
        guard let bool = value.bool else { throw error(key, .wrongType(expected: "true or false")) }
        return bool
    }

    func isFalse(_ key: String) -> Bool { table[key]?.bool == false }

    func table(_ key: String) throws(ConfigurationError) -> Entries? {
        guard let value = table[key] else { return nil }
        guard let table = value.table else { throw error(key, .wrongType(expected: "a table")) }
        return Entries(table: table, path: path + [key], source: source)
    }

    /// The error for `key` of this table, or for the table itself.
    func error(_ key: String?, _ problem: ConfigurationError.Problem) -> ConfigurationError {
        let path = path + (key.map { [$0] } ?? [])
        let written = path.map { part in
            !part.isEmpty && part.utf8.allSatisfy { $0.isBareKeyByte } ? part : "\"\(part)\""
        }
        return ConfigurationError(
            file: source.file, line: source.line(of: path), key: written.joined(separator: "."), problem: problem)
    }
}

extension UInt8 {
    /// Whether the byte may stand in a bare key (TOML 1.0, "Keys").
    var isBareKeyByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
