package import Secrets

/// The content of a route to a stored password in kernel memory. With it, a door answers git without `keyfob-main`.
///
/// The payload is three lines, each ended by LF: the generation of the items, the name of the item's key, and the user name.
/// The generation changes whenever an item is stored, and the route is then no longer valid: another item may be a better
/// answer.
package struct PasswordRoute: Sendable, Equatable {
    package var generation: String
    package var item: String
    package var username: String

    /// The lifetime of a route, in seconds.
    package static let lifetime: UInt32 = 86_400

    package init(generation: String, item: String, username: String) {
        (self.generation, self.item, self.username) = (generation, item, username)
    }

    /// The payload to store; nil if a line cannot hold a value.
    package var payload: Secret? {
        let lines = [generation, item, username]
        guard !lines.contains(where: { $0.utf8.contains(UInt8(ascii: "\n")) }) else { return nil }
        return Secret(lines.flatMap { Array($0.utf8) + [UInt8(ascii: "\n")] })
    }

    /// Parses a payload. Returns nil for anything that ``payload`` would not have written.
    package init?(payload: Secret) {
        let lines = payload.exposedBytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let texts = lines.compactMap { String(validating: $0, as: UTF8.self) }
        guard lines.count == 4, texts.count == 4, texts[3].isEmpty else { return nil }
        self.init(generation: texts[0], item: texts[1], username: texts[2])
    }

    /// The password that the item holds; nil if the items have changed, or if the item holds more than a password (git's
    /// `password_expiry_utc` and `oauth_refresh_token` are lines behind it) or an empty one.
    ///
    /// - Parameters:
    ///   - keyring: another keyring than the user's own, for tests.
    ///   - parents: the keyrings in which it may be.
    package func password(
        keyring: String = KeyNames.items, in parents: [KernelKeyring.Parent] = [.persistent, .user]
    ) -> Secret? {
        for parent in parents {
            guard let items = KernelKeyring.existing(named: keyring, in: parent),
                items.read(KeyNames.generation)?.exposedText == generation, let item = items.read(item)
            else { continue }
            // The heading of an item is one line.
            let lines = item.exposedBytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            guard lines.count == 2, !lines[1].isEmpty else { return nil }
            return Secret(lines[1])
        }
        return nil
    }
}
