import CredentialProtocol
import FoundationEssentials
import SecretService
import Secrets

/// A password, or an encoded credential, as an item stores it.
struct PasswordEntry: Equatable {
    /// The password; with ``authtype``, the part of the header field that follows it.
    var password: Secret
    var passwordExpiryUTC: Int64?
    var oauthRefreshToken: Secret?
    /// The authentication scheme of an encoded credential; nil for a password.
    var authtype: String?

    /// The entries to store for `request`: its password if it names a user, and its encoded credential.
    static func all(in request: CredentialRequest) -> [PasswordEntry] {
        func entry(_ secret: Secret, _ authtype: String?) -> PasswordEntry {
            PasswordEntry(
                password: secret, passwordExpiryUTC: request.passwordExpiryUTC,
                oauthRefreshToken: request.oauthRefreshToken, authtype: authtype)
        }
        let password = request.username == nil ? nil : request.password.map { entry($0, nil) }
        let encoded = request.authtype.flatMap { authtype in request.credential.map { entry($0, authtype) } }
        return [password, encoded].compactMap(\.self)
    }
}

// MARK: The items of git-credential-libsecret

extension PasswordEntry {
    /// The text of such an item: the password, then `key=value` lines. Nil if the text cannot hold the entry.
    var lines: Secret? {
        var bytes = password.exposedBytes
        guard authtype == nil, !bytes.contains(where: { $0 == Self.lineFeed || $0 == 0 }) else { return nil }
        if let passwordExpiryUTC { bytes += Array("\npassword_expiry_utc=\(passwordExpiryUTC)".utf8) }
        if let oauthRefreshToken {
            bytes += Array("\noauth_refresh_token=".utf8)
            bytes += oauthRefreshToken.exposedBytes
        }
        return Secret(bytes)
    }

    /// Reads such a text. Unknown lines, of a later git, are ignored beside known ones.
    ///
    /// A text whose lines git did not write is one secret, which another program has stored. Its line breaks belong to it,
    /// except for one at the end of a single line.
    init(lines secret: Secret) {
        let bytes = secret.exposedBytes
        var tail = bytes.split(separator: Self.lineFeed, omittingEmptySubsequences: false)[...]
        let first = tail.popFirst() ?? []
        if tail.last?.isEmpty == true { tail.removeLast() }
        let attributes = tail.compactMap(Self.attribute)
        let isGits =
            attributes.count == tail.count && (tail.isEmpty || attributes.contains { Self.known.contains($0.name) })
        self.init(password: isGits ? Secret(first) : secret)
        guard isGits else { return }
        for (name, value) in attributes {
            switch name {
            case Self.known[0]: passwordExpiryUTC = Int64(String(decoding: value, as: UTF8.self))
            case Self.known[1]: oauthRefreshToken = Secret(value)
            default: break
            }
        }
    }

    private static let known = [Attribute.passwordExpiryUTC.rawValue, Attribute.oauthRefreshToken.rawValue]
    private static let lineFeed = UInt8(ascii: "\n")

    /// Splits a line `name=value` whose name is written as git writes the names of attributes.
    private static func attribute(_ line: ArraySlice<UInt8>) -> (name: String, value: ArraySlice<UInt8>)? {
        guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        let name = line[..<equals]
        guard !name.isEmpty, name.allSatisfy({ "abcdefghijklmnopqrstuvwxyz_[]".utf8.contains($0) }) else { return nil }
        return (String(decoding: name, as: UTF8.self), line[(equals + 1)...])
    }
}

// MARK: keyfob's own items

extension PasswordEntry {
    /// The JSON in the secret of an own item. `version` changes when a reader of today could misread a later format.
    private struct Representation: Codable {
        var version = 1
        /// The attributes that git-credential-libsecret's item would have.
        var place: [String: String]
        var authtype: String?
        /// In base64, because a secret may be any bytes.
        var secret: Data
        var passwordExpiryUtc: Int64?
        var oauthRefreshToken: Data?
    }

    /// The secret of an own item for these attributes of a request.
    func encoded(_ attributes: [String: String]) -> Secret {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        let data = try? encoder.encode(
            Representation(
                place: attributes, authtype: authtype, secret: Data(password.exposedBytes),
                passwordExpiryUtc: passwordExpiryUTC, oauthRefreshToken: oauthRefreshToken.map { Data($0.exposedBytes) }
            ))
        return Secret(data ?? Data())
    }

    /// Reads the result of ``encoded(_:)``. Returns nil for anything else and for a later version.
    fileprivate static func decoded(_ secret: Secret) -> (attributes: [String: String], entry: PasswordEntry)? {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let decoded = try? decoder.decode(Representation.self, from: Data(secret.exposedBytes))
        guard let decoded, decoded.version == 1 else { return nil }
        let entry = PasswordEntry(
            password: Secret(decoded.secret), passwordExpiryUTC: decoded.passwordExpiryUtc,
            oauthRefreshToken: decoded.oauthRefreshToken.map { Secret($0) }, authtype: decoded.authtype)
        return (decoded.place, entry)
    }

    /// The attributes of an own item. They show other programs the host, but neither the path nor the user.
    func ownAttributes(_ attributes: [String: String]) -> [String: String] {
        let place = attributes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let id = Account.digest([Self.kind] + place + (authtype == nil ? [] : [Attribute.authtype.rawValue]))
        return Self.search(attributes).merging(["issuer": "", "id": id]) { $1 }
    }

    /// The attributes with which a search finds the own items of a host.
    static func search(_ attributes: [String: String]) -> [String: String] {
        let port = attributes["port"].map { ":" + $0 } ?? ""
        let service = "\(attributes["protocol"] ?? "")://\(attributes["server"] ?? "")\(port)"
        return ["kind": kind, "service": service]
    }

    static let kind = "credential"
}

/// A stored password or encoded credential, whichever kind of item it is in.
struct KeptPassword {
    /// The attributes that git-credential-libsecret's item has, or would have.
    let attributes: [String: String]
    let entry: PasswordEntry
    /// The time of the last change, in seconds since 1970 (UTC).
    let modified: UInt64
    /// Whether it is in an item of keyfob's own.
    let isOwn: Bool
    /// Whether it is in kernel memory, in an item that git-credential-libsecret could have made.
    let isInKernel: Bool
}

extension KeptPassword {
    /// Reads an item of keyfob's own; nil if it is not readable.
    init?(own item: SecretItem) {
        guard let (attributes, entry) = PasswordEntry.decoded(item.secret) else { return nil }
        self.init(attributes: attributes, entry: entry, modified: item.modified, isOwn: true, isInKernel: false)
    }
}
