import Addresses
import CredentialProtocol
import Secrets
import TOMLKit

/// The entries of one TOML table, with their place in the file.
struct Entries {
    let table: TOMLTable
    let path: [String]
    let source: TOMLConfiguration

    func refuseUnknown(besides known: Set<String>) throws(ConfigurationError) {
        for key in table.keys.sorted() where !known.contains(key) {
            throw error(key, Self.isForSecret(key) ? secret : .unknownKey)
        }
    }

    /// Whether a key with this name would hold a secret. No key may: other programs and backups read the file.
    private static func isForSecret(_ key: String) -> Bool {
        let word = key.foldedWord
        return ["secret", "password", "passwd", "passphrase"].contains { word.firstRange(of: $0) != nil }
            || ["token", "accesstoken", "refreshtoken", "privatekey", "apikey", "pat"].contains(word)
    }

    private var secret: ConfigurationError.Problem {
        .secret(
            service: path.count == 2 ? try? ServiceURL(path[1]) : nil, clientID: table["client_id"]?.string)
    }

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
