package import Secrets

/// The attributes of a kind of item, and the name of that kind.
///
/// The name is stored with each item as the attribute `xdg:schema`, and checked if it can be read. Searches never use
/// it: locked items do not show it, and would not be found.
package struct ItemSchema: Sendable, Equatable {
    /// How libsecret checks the text of an attribute.
    package enum AttributeKind: Sendable {
        case string
        /// Decimal digits.
        case integer
    }

    /// Written like `org.example.Thing`.
    package let name: String

    /// All attributes that an item of this schema may have.
    package let attributes: [String: AttributeKind]

    /// Names that other programs use, or used, for the same kind of item. Such items are read and updated, but never
    /// created.
    package let otherNames: Set<String>

    /// Whether an item with this schema name is of this kind.
    package func includes(_ name: String) -> Bool { name == self.name || otherNames.contains(name) }

    package init(name: String, attributes: [String: AttributeKind], otherNames: Set<String> = []) {
        self.name = name
        self.attributes = attributes
        self.otherNames = otherNames
    }
}

/// One item of the Secret Service, or of a store with the same interface, read with its secret.
package struct SecretItem: Sendable {
    /// The attributes of the schema that the item has. Every program of the same user can read them, even while the
    /// item is locked.
    package let attributes: [String: String]

    /// The text that identifies the item in the keyring's window.
    package let label: String

    /// The bytes of the secret, in any format.
    package let secret: Secret

    /// The time of the last change, in seconds since 1970 (UTC).
    package let modified: UInt64

    /// Whether the item is only in the keyring's memory (``SecretService/Collection/session``).
    package let isInSession: Bool

    /// Whether the item is in the kernel's memory and not in the Secret Service.
    package let isInKernel: Bool

    package init(
        attributes: [String: String], label: String, secret: Secret, modified: UInt64, isInSession: Bool = false,
        isInKernel: Bool = false
    ) {
        self.isInSession = isInSession
        self.isInKernel = isInKernel
        self.attributes = attributes
        self.label = label
        self.secret = secret
        self.modified = modified
    }
}
