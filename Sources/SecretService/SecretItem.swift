package import Secrets

/// What a stored value's attributes are called, and the name under which a kind of item is kept.
///
/// The name is written with each item, as the attribute `xdg:schema`, and checked where it can be read; it is never
/// searched for: items in a locked collection have lost it, and would not be found.
package struct ItemSchema: Sendable, Equatable {
    /// How libsecret checks the text of an attribute.
    package enum AttributeKind: Sendable {
        case string
        /// Decimal digits.
        case integer
    }

    /// In the manner of `org.example.Thing`.
    package let name: String

    /// All attributes that an item of this schema may have.
    package let attributes: [String: AttributeKind]

    /// Names under which others keep, or kept, the same kind of item: read and updated, never written anew.
    package let otherNames: Set<String>

    package init(name: String, attributes: [String: AttributeKind], otherNames: Set<String> = []) {
        self.name = name
        self.attributes = attributes
        self.otherNames = otherNames
    }
}

/// One item of the Secret Service, read with its secret.
package struct SecretItem: Sendable {
    /// Those of the schema's attributes that the item has: visible to every program of the same user, also while locked.
    package let attributes: [String: String]

    /// The text by which people find the item in the keyring's window.
    package let label: String

    /// The secret's bytes, whatever they are.
    package let secret: Secret

    /// When it was last written, in seconds since 1970 (UTC).
    package let modified: UInt64

    /// Whether it is in the service's memory alone (``SecretService/Collection/session``).
    package let isInSession: Bool

    package init(
        attributes: [String: String], label: String, secret: Secret, modified: UInt64, isInSession: Bool = false
    ) {
        self.isInSession = isInSession
        self.attributes = attributes
        self.label = label
        self.secret = secret
        self.modified = modified
    }
}
