import Secrets

/// One insertion into a text. Every other byte stays.
package struct TextEdit: Sendable, Equatable {
    private let old: [UInt8]
    private let offset: Int
    private let replaced: Int
    private let inserted: [UInt8]

    /// - Parameters:
    ///   - offset: the position in bytes.
    ///   - replaced: the number of bytes that the insertion replaces: white space, or a member that is `null`.
    init(_ old: [UInt8], at offset: Int, replacing replaced: Int = 0, inserting inserted: String) {
        (self.old, self.offset, self.replaced, self.inserted) = (old, offset, replaced, Array(inserted.utf8))
    }

    /// The text after the insertion.
    package var text: String {
        String(decoding: old[..<offset] + inserted + old[(offset + replaced)...], as: UTF8.self)
    }

    /// The inserted lines without blank lines around them, and the number of the first one, counted from 1. They
    /// contain nothing that the user wrote, so they can be shown.
    package var shown: (lines: [String], number: Int) {
        let lines = TextLines(String(decoding: inserted, as: UTF8.self)).lines.map(String.init)
        let before = lines.prefix(while: Self.isBlank)
        let end = lines.reversed().drop(while: Self.isBlank).count
        let number = old[..<offset].count { $0 == UInt8(ascii: "\n") } + before.count + 1
        return (Array(lines[..<end].dropFirst(before.count)), number)
    }

    private static func isBlank(_ line: String) -> Bool { line.utf8.allSatisfy { $0 == 0x20 || $0 == 0x09 } }
}

/// A text as lines. Insertions keep its line ends.
struct TextLines {
    private let bytes: [UInt8]
    /// The position of each line in bytes, without its end.
    private let ranges: [Range<Int>]

    init(_ text: String) {
        bytes = Array(text.utf8)
        var (ranges, start) = ([Range<Int>](), 0)
        for end in bytes.indices where bytes[end] == UInt8(ascii: "\n") {
            ranges.append(start..<end)
            start = end + 1
        }
        if start < bytes.count { ranges.append(start..<bytes.count) }
        self.ranges = ranges
    }

    /// The lines without their ends: LF, or CR LF.
    var lines: [Substring] {
        ranges.map { range in
            let line = bytes[range]
            return Substring(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
        }
    }

    /// CR LF if the first line ends so, otherwise LF.
    var lineEnd: String {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")), end > 0 else { return "\n" }
        return bytes[end - 1] == UInt8(ascii: "\r") ? "\r\n" : "\n"
    }

    /// Inserts `added` as the last lines.
    func appending(_ added: [String]) -> TextEdit {
        let isOpen = bytes.last.map { $0 != UInt8(ascii: "\n") } ?? false
        return TextEdit(
            bytes, at: bytes.count, inserting: (isOpen ? lineEnd : "") + added.map { $0 + lineEnd }.joined())
    }

    /// Inserts `added` before line number `index`, counted from 0.
    func inserting(_ added: String, at index: Int) -> TextEdit {
        guard index < ranges.count else { return appending([added]) }
        return TextEdit(bytes, at: ranges[index].lowerBound, inserting: added + lineEnd)
    }
}
