import Files

/// The names of the keys in the keyring `keyfob`.
///
/// Two keys lead from a question to a token: a *route* key maps the caller's question to an account, and the account's
/// *token* key holds the token. So a refresh or an `erase` changes one key, even if many questions lead to it. A route
/// contains a stamp of the configuration files, so an edit takes effect at once.
package enum KeyNames {
    /// The name of the key for an account's access token.
    package static func token(account: String) -> String { "token:" + account }

    /// The beginnings of the names of keys that only save time: access tokens and routes.
    package static let expendable = ["token:"] + RouteKind.allCases.map(\.rawValue)

    /// The keyring of the items that the user keeps in kernel memory in place of a Secret Service.
    package static let items = "keyfob-items"

    /// The name of the key in the keyring ``items`` whose value changes with every item.
    package static let generation = "generation"

    /// The name of the key for an account's grant until it is stored in the keyring of the session.
    package static func grant(account: String) -> String { "grant:" + account }

    /// The name of the key that exists for some seconds after the keyring of the session has accepted the grant.
    package static func settling(account: String) -> String { "settling:" + account }

    /// The kinds of route. The raw value is the beginning of the key's name.
    package enum RouteKind: String, CaseIterable, Sendable {
        /// A route to an account.
        case account = "route:"
        /// A route to a stored password (``PasswordRoute``), for a caller that takes nothing else.
        case password = "password:"
        /// A route to a stored password that is newer than each encoded credential, for a caller that takes both.
        case newestPassword = "credential:"
    }

    /// The name of the key that maps a question to its answer. Returns nil if the question is too long for a key's
    /// description (add_key(2): 4096 bytes with the NUL). Also returns nil if a byte could make two questions look
    /// alike.
    ///
    /// - Parameters:
    ///   - isBelow: the name is for every question about `path` or a path below it, not for this exact question.
    ///   - kind: the kind of the route.
    ///   - hasBus: whether there may be a session bus, and on it a keyring that has a better answer.
    package static func route(
        protocol scheme: String, host: String, path: String?, username: String?, stamp: UInt64, isBelow: Bool = false,
        kind: RouteKind = .account, hasBus: Bool = false
    ) -> String? {
        var parts = [kind.rawValue + String(stamp, radix: 36), scheme, host]
        if let username { parts.append("user " + username) }
        if let path { parts.append((isBelow ? "below " : "path ") + path) }
        if hasBus { parts.append("bus") }
        let isPlain = parts.allSatisfy { part in part.utf8.allSatisfy { $0 >= 0x20 } }
        var name = parts[0]
        for part in parts.dropFirst() { name += "\t" + part }
        return isPlain && name.utf8.count < 4000 ? name : nil
    }

    /// The name of the key that holds the time, in seconds since 1970-01-01 UTC, before which keyfob must not
    /// refresh at `address`.
    package static func notBefore(address: String) -> String { "not-before:" + address }

    /// The name of the key with the forms of a client's secret with which sign-ins have begun in vain.
    ///
    /// - Parameter client: a digest of the issuer and the client id.
    package static func forms(client: String) -> String { "forms:" + client }

    /// The name of the key for the prompt cooldown: while the key exists, keyfob does not ask the user to sign in to
    /// the account.
    package static func quiet(account: String) -> String { "quiet:" + account }

    /// The argument of ``quiet(account:)`` for the question whether the locked keyring may show its window.
    ///
    /// - Parameter directory: the runtime directory of the session, which has one keyring.
    package static func keyringWindow(in directory: String) -> String { "keyring-window in " + directory }

    /// A number that changes when one of `files` is written, replaced, created or deleted, or when another user becomes
    /// able to write to it or to its directory. It is computed from stat(2), not from the content.
    package static func stamp(of files: [String]) -> UInt64 {
        var mixed: UInt64 = 14_695_981_039_346_656_037  // FNV-1a's offset basis
        for file in files {
            var facts: [UInt64] = [0]
            if let status = try? FileStatus(of: file) {
                facts = status.changed.map { UInt64(bitPattern: $0) }
                facts += [status.inode, UInt64(bitPattern: status.size)]
                if let directory = try? FileStatus(of: Paths.parent(of: file)) {
                    facts += [UInt64(directory.owner), UInt64(directory.mode)]
                }
            }
            for fact in facts { mixed = (mixed ^ fact) &* 1_099_511_628_211 }
        }
        return mixed
    }

    /// The configuration files in the order of their precedence: the user's, the system's, and
    /// ``approvals(variable:)``.
    ///
    /// The first is `$XDG_CONFIG_HOME/keyfob/config.toml` (XDG Base Directory: an unset, empty or relative value means
    /// `~/.config`), the second `/etc/keyfob/config.toml`.
    package static func configurationFiles(variable: (String) -> String?) -> [String] {
        [
            file("config.toml", below: "XDG_CONFIG_HOME", otherwise: "/.config", variable), "/etc/keyfob/config.toml",
            approvals(variable: variable),
        ].compactMap { $0 }
    }

    /// The file in which keyfob records the services that the user has approved:
    /// `$XDG_STATE_HOME/keyfob/approved.toml`, by default below `~/.local/state`. Nil if there is no home directory.
    package static func approvals(variable: (String) -> String?) -> String? {
        file("approved.toml", below: "XDG_STATE_HOME", otherwise: "/.local/state", variable)
    }

    private static func file(
        _ name: String, below base: String, otherwise inHome: String, _ variable: (String) -> String?
    ) -> String? {
        if let directory = variable(base), directory.hasPrefix("/") { return directory + "/keyfob/" + name }
        guard let home = variable("HOME"), home.hasPrefix("/") else { return nil }
        return home + inHome + "/keyfob/" + name
    }
}
