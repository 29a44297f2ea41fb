import Secrets

/// A JSON value (RFC 8259), as callers write and read it. The library jansson parses and writes it.
///
/// The doors are static programs that start for each question, so they use no Foundation: it would take a third of their
/// running time. Names are compared by their bytes.
package enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    /// A number without a fraction and an exponent.
    case integer(Int64)
    case real(Double)
    case string(String)
    case array([JSON])
    case object([Member])

    package struct Member: Sendable, Equatable {
        package var name: String
        package var value: JSON

        package init(name: String, value: JSON) {
            self.name = name
            self.value = value
        }
    }

    /// An object of the members that are not nil.
    package static func object(_ members: KeyValuePairs<String, JSON?>) -> JSON {
        .object(members.compactMap { name, value in value.map { Member(name: name, value: $0) } })
    }

    /// An array of texts.
    package static func texts(_ texts: [String]) -> JSON { .array(texts.map(JSON.string)) }

    /// The text; nil if it is another value.
    package var text: String? { if case .string(let text) = self { text } else { nil } }

    /// The number; nil if it is another value.
    package var integer: Int64? { if case .integer(let number) = self { number } else { nil } }

    /// The truth; nil if it is another value.
    package var truth: Bool? { if case .bool(let truth) = self { truth } else { nil } }

    /// The texts of an array; nil if it is another value, or has other elements.
    package var texts: [String]? {
        guard case .array(let elements) = self else { return nil }
        let texts = elements.compactMap(\.text)
        return texts.count == elements.count ? texts : nil
    }

    /// The member `name` of an object; nil if it is absent or null.
    package subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name.isSame(as: name) }.flatMap { $0.value == .null ? nil : $0.value }
    }
}
