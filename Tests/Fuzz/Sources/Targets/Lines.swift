@testable import CredentialProtocol

/// Compares the parsed lines of a request with the result of a second parser, which splits only at LF.
func fuzzLines(_ bytes: [UInt8]) throws {
    let parsed = outcome { () throws(RequestError) in try AttributeLines(bytes).lines }
    for size in [1, 7, 4096] {
        var rest = bytes[...]
        let gathered = AttributeLines.gather {
            defer { rest = rest.dropFirst(size) }
            return rest.prefix(size)
        }
        try require(bytes.starts(with: gathered), "the gathered bytes differ from the input")
        let again = outcome { () throws(RequestError) in try AttributeLines(gathered).lines }
        try require(again == parsed, "in pieces of \(size) bytes it is another request")
    }
    guard bytes.count < AttributeLines.maxLine else { return }
    let expected = plainLines(bytes)
    switch parsed {
    case .success(let lines):
        try require(lines.map { Array($0.value) } == expected?.map(\.value), "another value than in the bytes")
        try require(lines.map(\.name) == expected?.map(\.name), "another name than in the bytes")
        try require(lines.map(\.number) == Array(1..<(lines.count + 1)), "wrong line numbers")
    case .failure: try require(expected == nil, "a valid request is refused: \(parsed)")
    }
}

/// The names and values up to the blank line; nil if a line has no `=` or no name, or has a forbidden byte.
private func plainLines(_ bytes: [UInt8]) -> [(name: String, value: [UInt8])]? {
    var lines: [(name: String, value: [UInt8])] = []
    for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
        if line.isEmpty { break }
        let halves = line.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, !halves[0].isEmpty else { return nil }
        let name = String(decoding: halves[0], as: UTF8.self)
        guard line.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 && name == "wwwauth[]" }) else { return nil }
        lines.append((name, Array(halves[1])))
    }
    return lines
}
