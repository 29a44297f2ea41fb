@testable import CredentialProtocol

/// The lines of a request, against a second reader that knows nothing but LF.
func fuzzLines(_ bytes: [UInt8]) throws {
    let parsed = outcome { () throws(RequestError) in try AttributeLines(bytes).lines }
    for size in [1, 7, 4096] {
        var rest = bytes[...]
        let gathered = AttributeLines.gather {
            defer { rest = rest.dropFirst(size) }
            return rest.prefix(size)
        }
        try require(bytes.starts(with: gathered), "what was gathered is not what was sent")
        let again = outcome { () throws(RequestError) in try AttributeLines(gathered).lines }
        try require(again == parsed, "pieces of \(size) bytes make another request")
    }
    guard bytes.count < AttributeLines.maxLine else { return }
    let expected = plainLines(bytes)
    switch parsed {
    case .success(let lines):
        try require(lines.map { Array($0.value) } == expected?.map(\.value), "another value than the bytes say")
        try require(lines.map(\.name) == expected?.map(\.name), "another name than the bytes say")
        try require(lines.map(\.number) == Array(1..<(lines.count + 1)), "lines are counted wrongly")
    case .failure: try require(expected == nil, "a request in order is refused: \(parsed)")
    }
}

/// The names and values up to the blank line, or nil where one line is none, or holds what no line may.
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
