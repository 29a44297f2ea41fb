import Addresses

/// A request as lines of `name=value` (protocol.md, section 3). This type checks the grammar; it does not interpret
/// attributes.
///
/// - Only LF ends a line: CR and the Unicode line separators do not.
/// - A blank line or the end of the input ends the request. Bytes after a blank line are ignored.
/// - A control character, a line without `=`, or a line or request over its size limit makes the whole request invalid.
///   A reader that skipped the bad part would resume at a place that an attacker chose.
package struct AttributeLines: Sendable {
    /// One line. `value` may be empty.
    package struct Line: Sendable, Equatable {
        /// Counted from 1.
        package let number: Int
        package let name: String
        package let value: ArraySlice<UInt8>
    }

    /// The maximum size of a line in bytes, including its LF (git-credential(1), git 2.46).
    package static let maxLine = 65_535
    /// The maximum size of a request in bytes, including the blank line.
    package static let maxRequest = 1_048_576

    /// The lines in input order.
    package let lines: [Line]

    package init(_ input: [UInt8]) throws(RequestError) {
        var lines: [Line] = []
        var rest = input[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: Self.lineFeed) ?? rest.endIndex
            let line = rest[..<end]
            guard line.count < Self.maxLine else { throw .lineTooLong(line: lines.count + 1) }
            rest = rest[end...].dropFirst()
            guard rest.startIndex <= Self.maxRequest else { throw .requestTooLarge }
            if line.isEmpty { break }
            lines.append(try Self.parse(line, number: lines.count + 1))
        }
        self.lines = lines
    }

    /// Whether the caller can stop reading: the request has its blank line, or the input is over the size limit and
    /// will be refused.
    ///
    /// - Parameter scanned: how many bytes at the start of `input` an earlier call has checked.
    package static func isComplete(_ input: [UInt8], scanned: Int = 0) -> Bool {
        guard input.count <= maxRequest, input.first != lineFeed else { return true }
        let start = min(max(scanned - 1, 0), input.count)
        return zip(input[start...], input[start...].dropFirst()).contains { $0 == lineFeed && $1 == lineFeed }
    }

    /// Collects a request from a stream, up to the blank line or the end of the stream. Stops early if the request is
    /// too large.
    ///
    /// - Parameter next: reads more bytes; returns an empty slice at the end of the stream or if reading fails.
    package static func gather(_ next: () -> ArraySlice<UInt8>) -> [UInt8] {
        var request: [UInt8] = []
        var scanned = 0
        while !isComplete(request, scanned: scanned) {
            scanned = request.count
            let bytes = next()
            if bytes.isEmpty { break }
            request += bytes
        }
        return request
    }

    /// Whether a byte is a control character: C0 (which includes NUL, HTAB, LF and CR) or DEL. C1 is not checked: its
    /// bytes are also parts of UTF-8 sequences.
    package static func isControl(_ byte: UInt8) -> Bool { ASCII.isControl(byte) }

    private static let lineFeed = UInt8(ascii: "\n")
    private static let horizontalTab = UInt8(ascii: "\t")

    private static func parse(_ line: ArraySlice<UInt8>, number: Int) throws(RequestError) -> Line {
        let equals = line.firstIndex(of: UInt8(ascii: "="))
        let name = String(decoding: line[..<(equals ?? line.endIndex)], as: UTF8.self)
        // Servers may fold a challenge with HTAB. No other attribute needs a tab.
        let mayHoldTab = name == Attribute.wwwauth.rawValue
        if let byte = line.first(where: { isControl($0) && !(mayHoldTab && $0 == horizontalTab) }) {
            throw .forbiddenByte(line: number, byte: byte)
        }
        guard let equals else { throw .lineWithoutEquals(line: number) }
        guard !name.isEmpty else { throw .lineWithoutName(line: number) }
        return Line(number: number, name: name, value: line[(equals + 1)...])
    }
}
