package import CredentialProtocol
package import SecretService
package import Secrets

/// Passwords that the user gave to git, in the same items as git-credential-libsecret.
///
/// An item has the attributes `protocol`, `server`, `port` (integer), `object` (the path) and `user`, as far as the request
/// has them. The secret is the password, then lines `password_expiry_utc=` and `oauth_refresh_token=` if git gave them. So
/// users can change from one helper to the other, and back, without typing a password again.
///
/// That form cannot hold an encoded credential (`authtype` and `credential`) or a password with line breaks. Those are in
/// items of keyfob's own, which git-credential-libsecret does not find: it would take a first line for a password.
package struct PasswordStore: Sendable {
    let items: any ItemStore
    let paths: PathRule

    /// - Parameter paths: which items a request means, by its path or without one.
    package init(items: some ItemStore, paths: PathRule = .exact) {
        (self.items, self.paths) = (items, paths)
    }

    /// How the path of a request chooses the items.
    package enum PathRule: Sendable {
        /// Items with the same path. A request without a path means items without one.
        case exact
        /// The rule of git-credential-libsecret: a request without a path means items with any path, because git names no
        /// path unless `credential.useHttpPath` is set.
        case git
    }

    /// New items have the schema name that every version of git-credential-libsecret finds. Since git 2.42 it writes
    /// `org.git.Password` and reads both; before, as in Debian 12, it knows only this one.
    static let schema = ItemSchema(
        name: "org.gnome.keyring.NetworkPassword",
        attributes: [
            "protocol": .string, "server": .string, "port": .integer, "object": .string, "user": .string,
        ],
        otherNames: ["org.git.Password"])

    /// The newest password for `request`; nil if there is none.
    ///
    /// An item matches if it has every attribute of the request, byte for byte, and the path that ``PathRule`` wants. The port
    /// is part of the host and must be the same.
    ///
    /// An encoded credential is found only for a caller with the capability `authtype`.
    package func password(for request: CredentialRequest) throws(SecretServiceError) -> CredentialResponse? {
        Self.newest(try matches(for: request), for: request)?.response
    }

    /// Other passwords that a caller accepts if there is none for exactly its request.
    package struct Alternatives: Sendable {
        /// This user's password comes before that of any other user.
        package var preferredUser: String?
        /// Whether a password that was stored without a path answers a request with a path.
        package var withoutPath: Bool

        package static let none = Alternatives(preferredUser: nil, withoutPath: false)

        package init(preferredUser: String?, withoutPath: Bool) {
            (self.preferredUser, self.withoutPath) = (preferredUser, withoutPath)
        }
    }

    /// The result of one search.
    struct Found {
        /// The best password for exactly this request, if there is one.
        var best: CredentialResponse?
        /// The key of that password in kernel memory; nil if it is elsewhere, or in an item of keyfob's own.
        var bestKey: String?
        /// The best alternative, if there is no password for exactly this request.
        var alternative: CredentialResponse?
    }

    /// The passwords for `request` and the caller's alternatives, by one search for each kind of item.
    func find(
        for request: CredentialRequest, _ alternatives: Alternatives
    ) throws(SecretServiceError) -> Found {
        var (wide, preferred, whole) = (request, request, request)
        whole.path = nil
        if alternatives.withoutPath { wide.path = nil }
        if let user = alternatives.preferredUser { (wide.username, preferred.username) = (nil, user) }
        guard alternatives.preferredUser != nil || wide != request, let attributes = Self.attributes(of: wide) else {
            let found = Self.newest(try matches(for: request), for: request)
            return Found(best: found?.response, bestKey: found?.key)
        }
        let items = try kept(attributes)
        func newest(_ request: CredentialRequest) -> CredentialResponse? {
            Self.newest(matches(for: request, among: items), for: request)?.response
        }
        let byUser = alternatives.preferredUser == nil ? nil : newest(preferred)
        if let exact = newest(request) { return Found(best: byUser ?? exact) }
        return Found(alternative: byUser ?? (alternatives.withoutPath ? newest(whole) : nil))
    }

    private static func newest(
        _ matches: [KeptPassword], for request: CredentialRequest
    ) -> (response: CredentialResponse, key: String?)? {
        for match in matches {
            let (entry, user) = (match.entry, match.attributes["user"])
            guard entry.authtype == nil ? user != nil : request.capabilities.contains(.authtype) else { continue }
            let response = CredentialResponse(
                username: user,
                password: entry.password,
                passwordExpiryUTC: entry.passwordExpiryUTC,
                oauthRefreshToken: entry.oauthRefreshToken,
                authtype: entry.authtype,
                isEncoded: entry.authtype != nil)
            return (response, match.isInKernel ? KernelItems.key(schema.name, match.attributes) : nil)
        }
        return nil
    }

    /// Whether exactly this credential is stored already. git stores after each successful request, and a keyring then writes
    /// its whole file.
    package func holds(_ request: CredentialRequest) throws(SecretServiceError) -> Bool {
        let entries = PasswordEntry.all(in: request)
        guard let attributes = Self.attributes(of: request), !entries.isEmpty else { return false }
        let same = try matches(for: request).filter { $0.attributes.isSame(as: attributes) }
        return entries.allSatisfy { entry in same.contains { $0.entry == entry } }
    }

    /// The password that is stored with exactly the attributes of `request`.
    package func kept(for request: CredentialRequest) throws(SecretServiceError) -> Secret? {
        guard let attributes = Self.attributes(of: request) else { return nil }
        return try matches(for: request).first {
            $0.entry.authtype == nil && $0.attributes.isSame(as: attributes)
        }?.entry.password
    }

    /// Stores the password and the encoded credential in `request`, each in place of the previous one.
    package func store(_ request: CredentialRequest) throws(SecretServiceError) {
        guard let attributes = Self.attributes(of: request) else { return }
        for entry in PasswordEntry.all(in: request) {
            let name = request.username ?? entry.authtype ?? ""
            let label = "Git: \(name) at \(request.host)"  // KWallet would take a "/" for a folder.
            let own = entry.ownAttributes(attributes)
            if let lines = entry.lines {
                try items.store(Self.schema, attributes: attributes, label: label, secret: lines, in: .default)
                _ = try items.delete(GrantStore.schema, exactly: own, in: nil)
            } else {
                let secret = entry.encoded(attributes)
                try items.store(GrantStore.schema, attributes: own, label: label, secret: secret, in: .default)
                if entry.authtype == nil { _ = try items.delete(Self.schema, exactly: attributes, in: nil) }
            }
        }
    }

    /// Deletes the items that match `request`. If it has a credential or a password, only the items with that one.
    package func erase(_ request: CredentialRequest) throws(SecretServiceError) {
        let refused = request.credential ?? request.password
        for match in try matches(for: request) {
            let isEncoded = match.entry.authtype != nil
            if let refused, match.entry.password != refused || isEncoded != (request.credential != nil) { continue }
            if match.isOwn {
                let own = match.entry.ownAttributes(match.attributes)
                _ = try items.delete(GrantStore.schema, exactly: own, in: nil)
            } else {
                _ = try items.delete(Self.schema, exactly: match.attributes, in: nil)
            }
        }
    }

    private func matches(for request: CredentialRequest) throws(SecretServiceError) -> [KeptPassword] {
        guard let attributes = Self.attributes(of: request) else { return [] }
        return matches(for: request, among: try kept(attributes))
    }

    /// The items that `request` means. A search also finds items with more attributes; but another port is another service.
    private func matches(for request: CredentialRequest, among items: [KeptPassword]) -> [KeptPassword] {
        guard let attributes = Self.attributes(of: request) else { return [] }
        let usual = attributes["port"] ?? Self.usualPorts[request.protocolName]
        return items.filter { item in
            (item.attributes["port"] ?? Self.usualPorts[request.protocolName]) == usual
                // Some providers, such as KeePassXC, do not compare byte for byte.
                && attributes.allSatisfy { name, value in item.attributes[name]?.isSame(as: value) == true }
                && (paths == .git || attributes["object"] != nil || item.attributes["object"]?.isEmpty != false)
        }
    }

    /// The items of both kinds that may have these attributes, newest first.
    private func kept(_ attributes: [String: String]) throws(SecretServiceError) -> [KeptPassword] {
        let git = try items.search(Self.schema, matching: attributes).map { item in
            KeptPassword(
                attributes: item.attributes.filter { Self.schema.attributes[$0.key] != nil },
                entry: PasswordEntry(lines: item.secret), modified: item.modified, isOwn: false,
                isInKernel: item.isInKernel)
        }
        let own = try items.search(GrantStore.schema, matching: PasswordEntry.search(attributes))
            .compactMap(KeptPassword.init(own:))
        return (own + git).sorted { ($0.modified, $0.isOwn ? 1 : 0) > ($1.modified, $1.isOwn ? 1 : 0) }
    }

    /// The attributes of `request`; nil if it has neither host nor path.
    static func attributes(of request: CredentialRequest) -> [String: String]? {
        var attributes = ["protocol": request.protocolName]
        let (server, port) = splitPort(request.host.asciiLowercased)  // RFC 3986 section 3.2.2
        if !server.isEmpty { attributes["server"] = server }
        if let port, port != usualPorts[request.protocolName] { attributes["port"] = port }
        if let path = request.path, !path.isEmpty { attributes["object"] = path }
        if let username = request.username { attributes["user"] = username }
        return attributes["server"] == nil && attributes["object"] == nil ? nil : attributes
    }

    /// A key for the place of a password: protocol, host, port, path and user name by their bytes.
    package struct Place: Hashable, Sendable {
        private let attributes: [[UInt8]]

        /// nil if `request` names neither host nor path.
        package init?(_ request: CredentialRequest) {
            guard let named = PasswordStore.attributes(of: request) else { return nil }
            attributes = named.sorted { $0.key < $1.key }.flatMap { [Array($0.key.utf8), Array($0.value.utf8)] }
        }
    }

    /// The default ports (RFC 9110 section 4.2).
    private static let usualPorts = ["https": "443", "http": "80"]

    /// Splits `host:port`. A colon inside the brackets of an IPv6 address belongs to the host.
    private static func splitPort(_ host: String) -> (server: String, port: String?) {
        guard let colon = host.utf8.lastIndex(of: UInt8(ascii: ":")),
            let digits = Optional(host.utf8[colon...].dropFirst()),
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = UInt16(Substring(digits))
        else { return (host, nil) }
        return (String(host[..<colon]), String(port))
    }
}
