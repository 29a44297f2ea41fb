import CredentialProtocol
import JSON

extension JSON {
    static func number(_ number: some BinaryInteger) -> JSON { .integer(Int64(number)) }

    /// Parses `bytes`.
    ///
    /// - Parameter what: the name of the input in the error.
    static func parse(_ bytes: [UInt8], _ what: String) throws(InvocationError) -> JSON {
        guard let value = parse(bytes) else { throw .malformed(what) }
        return value
    }

    /// The member `name`, which is a string.
    ///
    /// - Returns: nil if it is absent or null.
    /// - Throws: `InvocationError.malformed` if it is something else, or if this value is no object.
    func text(_ name: String, _ what: String) throws(InvocationError) -> String? {
        guard case .object = self else { throw .malformed(what) }
        switch self[name] {
        case nil: return nil
        case .string(let text): return text
        default: throw .malformed(what)
        }
    }

    /// The member `name`, which is an object. Returns and throws as ``text(_:_:)`` does.
    func object(_ name: String, _ what: String) throws(InvocationError) -> JSON? {
        guard case .object = self else { throw .malformed(what) }
        guard let value = self[name] else { return nil }
        guard case .object = value else { throw .malformed(what) }
        return value
    }
}
