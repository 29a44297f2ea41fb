package import Secrets

/// The keyring of the person's session: a D-Bus service of the Secret Service API (GNOME Keyring, KWallet, KeePassXC,
/// oo7), through libsecret.
package struct SecretService: Sendable {
    /// Where an item is kept.
    package enum Collection: Sendable {
        /// On disk, in the collection with the alias `default`, or else `login`.
        case `default`
        /// In the service's memory, until the session ends; not every service has it.
        case session
    }

    let deadline: Duration
    let promptDeadline: Duration
    let mayPrompt: Bool

    package init(deadline: Duration = .seconds(3), promptDeadline: Duration = .seconds(60), mayPrompt: Bool) {
        self.deadline = deadline
        self.promptDeadline = promptDeadline
        self.mayPrompt = mayPrompt
    }

    package func search(
        _ schema: ItemSchema, matching attributes: [String: String]
    ) throws(SecretServiceError) -> [SecretItem] {
        throw .noProvider
    }

    package func store(
        _ schema: ItemSchema, attributes: [String: String], label: String, secret: Secret,
        in collection: Collection = .default
    ) throws(SecretServiceError) {
        throw .noProvider
    }

    package func delete(
        _ schema: ItemSchema, exactly attributes: [String: String]
    ) throws(SecretServiceError) -> Bool {
        throw .noProvider
    }

    package func probeWritable() throws(SecretServiceError) {
        throw .noProvider
    }
}
