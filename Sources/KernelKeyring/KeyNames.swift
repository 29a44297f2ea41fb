import Glibc

/// The names of the keys in the keyring `keyfob`.
///
/// Two steps lead from a question to a token: a *route* key maps the question as the caller put it to an account, and
/// the account's *token* key holds the token. So a refresh or an `erase` touches one key, however many ways of asking
/// lead to it; and the route carries a stamp of the configuration files, so that an edit takes effect at once.
package enum KeyNames {
    /// The key of an account's access token.
    package static func token(account: String) -> String { "token:" + account }

    /// The key of an account's grant on its way into the Secret Service.
    package static func grant(account: String) -> String { "grant:" + account }

    /// The key that maps a question to an account; nil where the question is too long for a key's description
    /// (add_key(2): 4096 bytes with the NUL) or holds a byte that could make two questions look alike.
    ///
    /// - Parameter isBelow: for every question about `path` and whatever is below it, instead of this very one.
    package static func route(
        protocol scheme: String, host: String, path: String?, username: String?, stamp: UInt64, isBelow: Bool = false
    ) -> String? {
        var parts = ["route:" + String(stamp, radix: 36), scheme, host]
        if let username { parts.append("user " + username) }
        if let path { parts.append((isBelow ? "below " : "path ") + path) }
        let isPlain = parts.allSatisfy { part in part.utf8.allSatisfy { $0 >= 0x20 } }
        var name = parts[0]
        for part in parts.dropFirst() { name += "\t" + part }
        return isPlain && name.utf8.count < 4000 ? name : nil
    }

    /// The key that holds, in seconds since 1970-01-01 UTC, when the server at an origin may be asked again.
    package static func notBefore(origin: String) -> String { "not-before:" + origin }

    /// The key that is there for as long as the person is left alone about an account's sign-in.
    package static func quiet(account: String) -> String { "quiet:" + account }

    /// A number that changes when one of `files` is written, replaced, made or removed: read from stat(2), no content.
    package static func stamp(of files: [String]) -> UInt64 {
        var mixed: UInt64 = 14_695_981_039_346_656_037  // FNV-1a's offset basis
        for file in files {
            var status = stat()
            let found = unsafe stat(file, &status) == 0
            let facts: [UInt64] =
                found
                ? [
                    UInt64(bitPattern: Int64(status.st_mtim.tv_sec)), UInt64(bitPattern: Int64(status.st_mtim.tv_nsec)),
                    UInt64(status.st_ino), UInt64(bitPattern: Int64(status.st_size)),
                ] : [0]
            for fact in facts { mixed = (mixed ^ fact) &* 1_099_511_628_211 }
        }
        return mixed
    }

    /// The configuration files in the order of their precedence: the person's, the machine's, and ``approvals(variable:)``.
    ///
    /// `$XDG_CONFIG_HOME/keyfob/config.toml` (XDG Base Directory: an unset, empty or relative value means `~/.config`),
    /// then `/etc/keyfob/config.toml`.
    package static func configurationFiles(variable: (String) -> String?) -> [String] {
        [
            file("config.toml", below: "XDG_CONFIG_HOME", otherwise: "/.config", variable), "/etc/keyfob/config.toml",
            approvals(variable: variable),
        ].compactMap { $0 }
    }

    /// The file in which keyfob itself writes which services a person has approved:
    /// `$XDG_STATE_HOME/keyfob/approved.toml`, by default below `~/.local/state`; nil where there is no home directory.
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
