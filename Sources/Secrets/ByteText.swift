/// Text that others wrote, compared and cut by its UTF-8 bytes.
///
/// Swift compares and cuts a `String` by characters, but a server, a shell or a browser reads bytes. So every decision
/// on a text from elsewhere uses these functions. For Swift:
///
/// - Two texts are equal if they are canonically equivalent: the Kelvin sign is a `K`, and a letter with its combining
///   mark is one precomposed letter.
/// - A combining mark behind a delimiter hides the delimiter.
/// - CR LF is one character.
extension StringProtocol {
    /// Whether both texts have the same UTF-8 bytes.
    package func isSame(as other: some StringProtocol) -> Bool { utf8.elementsEqual(other.utf8) }

    /// Whether the text begins with the bytes of `beginning`.
    package func begins(with beginning: some StringProtocol) -> Bool { utf8.starts(with: beginning.utf8) }

    /// Whether the text ends with the bytes of `end`.
    package func ends(with end: some StringProtocol) -> Bool { utf8.reversed().starts(with: end.utf8.reversed()) }

    /// Whether the bytes of `part` occur in the text.
    package func holds(text part: some StringProtocol) -> Bool { Array(utf8).place(of: Array(part.utf8)) != nil }

    /// Whether one byte of the text is this ASCII character.
    package func holds(_ character: Unicode.Scalar) -> Bool { utf8.contains(UInt8(ascii: character)) }

    /// The text with the letters A to Z in lower case; all other bytes are unchanged.
    package var asciiLowercased: String {
        String(decoding: utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}

extension [UInt8] {
    /// The indices of the first occurrence of `wanted`, from `start` on; nil if there is none.
    ///
    /// By hand, like ``Swift/String/replacingBytes(of:with:)``: the standard library's `firstRange` and `replacing` would bring
    /// the engine of regular expressions into the static doors, 1.4 MB that are relocated at each start.
    package func place(of wanted: [UInt8], from start: Int = 0) -> Range<Int>? {
        guard !wanted.isEmpty else { return nil }
        var position = start
        while position + wanted.count <= count {
            if self[position...].starts(with: wanted) { return position..<position + wanted.count }
            position += 1
        }
        return nil
    }
}

extension String {
    /// Splits the text at the bytes of an ASCII character. Empty parts are kept.
    ///
    /// - Parameter maxSplits: the maximum number of splits.
    package func parts(at separator: Unicode.Scalar, maxSplits: Int = .max) -> [Substring] {
        Substring(self).parts(at: separator, maxSplits: maxSplits)
    }

    /// The text with every occurrence of the bytes of `word` replaced by `other`.
    package func replacingBytes(of word: String, with other: String) -> String {
        let bytes = Array(utf8)
        var (result, position): ([UInt8], Int) = ([], 0)
        while let found = bytes.place(of: Array(word.utf8), from: position) {
            result += bytes[position..<found.lowerBound] + Array(other.utf8)
            position = found.upperBound
        }
        return String(decoding: result + bytes[position...], as: UTF8.self)
    }
}

extension Substring {
    /// Splits the text at the bytes of an ASCII character. Empty parts are kept.
    ///
    /// - Parameter maxSplits: the maximum number of splits.
    package func parts(at separator: Unicode.Scalar, maxSplits: Int = .max) -> [Substring] {
        utf8.split(separator: UInt8(ascii: separator), maxSplits: maxSplits, omittingEmptySubsequences: false)
            .map { Substring($0) }
    }
}

extension Sequence where Element == String {
    /// Whether one of the texts has the bytes of `text`.
    package func holdsSame(as text: some StringProtocol) -> Bool { contains { $0.isSame(as: text) } }
}

extension [String: String] {
    /// Whether both have the same names and values, compared by their bytes.
    package func isSame(as other: [String: String]) -> Bool {
        count == other.count && allSatisfy { name, value in other[name].map { $0.isSame(as: value) } ?? false }
    }
}

extension StringProtocol {
    /// The word of which this text may be a misspelling; nil if each differs in more than two bytes.
    package func nearest(among words: [String]) -> String? {
        let distances = words.map { (word: $0, steps: String.distance(Array(utf8), Array($0.utf8))) }
        return distances.filter { $0.steps <= 2 }.min { $0.steps < $1.steps }?.word
    }
}

extension String {
    /// The number of bytes to insert, to delete or to replace (Levenshtein).
    fileprivate static func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
        var costs = Array(0...other.count)
        for (row, byte) in one.enumerated() {
            var diagonal = costs[0]
            costs[0] = row + 1
            for column in other.indices {
                let replaced = diagonal + (byte == other[column] ? 0 : 1)
                diagonal = costs[column + 1]
                costs[column + 1] = Swift.min(replaced, diagonal + 1, costs[column] + 1)
            }
        }
        return costs[other.count]
    }
}
