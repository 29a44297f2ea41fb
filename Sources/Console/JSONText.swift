import FoundationEssentials

/// JSON for scripts on standard output, in a form that people can read too.
package enum JSONText {
    /// Encodes `value`, with a line feed at the end.
    package static func bytes(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
    }
}
