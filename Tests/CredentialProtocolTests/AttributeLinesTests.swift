import CredentialProtocol
import Testing

/// protocol.md, section 3: the grammar, before attributes are interpreted.
@Suite struct `Attribute lines` {
    private static let lines: [(input: String, expected: [String])] = [
        ("", []),
        ("\n", []),
        ("a=1\n", ["a:1"]),
        ("a=1", ["a:1"]),
        ("a=1\nb=2\n", ["a:1", "b:2"]),
        // The first `=` separates; a value may be empty and may contain anything else.
        ("a=\n", ["a:"]),
        ("a==\n", ["a:="]),
        ("a=b=c\n", ["a:b=c"]),
        ("a= b \n", ["a: b "]),
        ("a[]=x\n", ["a[]:x"]),
        // A blank line ends the request, whatever follows.
        ("a=1\n\nb=2\n", ["a:1"]),
        ("a=1\n\nno attribute\n", ["a:1"]),
        ("\na=1\n", []),
        // Only LF ends a line: these are U+0085, U+2028 and U+2029.
        ("a=1\u{85}b=2\n", ["a:1\u{85}b=2"]),
        ("a=1\u{2028}b=2\n", ["a:1\u{2028}b=2"]),
        ("a=1\u{2029}b=2\n", ["a:1\u{2029}b=2"]),
    ]

    @Test(arguments: lines)
    func `Lines end only at LF and are split at the first equals sign`(input: String, expected: [String]) throws {
        let found = try AttributeLines(Array(input.utf8)).lines
        #expect(found.map { "\($0.name):\(String(decoding: $0.value, as: UTF8.self))" } == expected)
        #expect(found.map(\.number) == Array(1..<(expected.count + 1)))
    }

    private static let refusals: [(input: String, error: RequestError)] = [
        ("a\n", .lineWithoutEquals(line: 1)),
        ("a=1\nhost\n", .lineWithoutEquals(line: 2)),
        (" \n", .lineWithoutEquals(line: 1)),
        ("=1\n", .lineWithoutName(line: 1)),
        ("a=1\n=\n", .lineWithoutName(line: 2)),
        ("a=1\r\n", .forbiddenByte(line: 1, byte: 0x0D)),
        ("a=1\n\r\n", .forbiddenByte(line: 2, byte: 0x0D)),
        // A name with a control character is not just an unknown attribute.
        ("a\rhost=x\n", .forbiddenByte(line: 1, byte: 0x0D)),
        ("a\u{0}=x\n", .forbiddenByte(line: 1, byte: 0)),
    ]

    @Test(arguments: refusals)
    func `One line outside the grammar makes the request invalid`(input: String, error: RequestError) {
        #expect(throws: error) { try AttributeLines(Array(input.utf8)) }
    }

    @Test(arguments: Array(UInt8(0)...UInt8(255)))
    func `No value may contain a control character`(byte: UInt8) throws {
        let input = Array("protocol=https\nusername=a".utf8) + [byte] + Array("b\n".utf8)
        switch byte {
        case 0x0A:  // A LF ends the line, and the next line has no `=`
            #expect(throws: RequestError.lineWithoutEquals(line: 3)) { try AttributeLines(input) }
        case 0x00..<0x20, 0x7F:
            #expect(throws: RequestError.forbiddenByte(line: 2, byte: byte)) { try AttributeLines(input) }
        default:
            let value = try #require(try AttributeLines(input).lines.last).value
            #expect(Array(value) == [UInt8(ascii: "a"), byte, UInt8(ascii: "b")])
        }
    }

    @Test func `Only a challenge may contain a tab`() throws {
        let challenge = try AttributeLines(Array("wwwauth[]=Basic\trealm=x\n".utf8)).lines
        #expect(challenge.first.map { Array($0.value) } == Array("Basic\trealm=x".utf8))
        #expect(throws: RequestError.forbiddenByte(line: 1, byte: 0x09)) {
            try AttributeLines(Array("wwwauth=Basic\trealm=x\n".utf8))
        }
        #expect(throws: RequestError.forbiddenByte(line: 1, byte: 0x0D)) {
            try AttributeLines(Array("wwwauth[]=Basic\t\rrealm=x\n".utf8))
        }
    }

    @Test func `A line may have 65535 bytes with its LF, and not one more`() throws {
        let longest = Array("a=".utf8) + Array(repeating: UInt8(ascii: "x"), count: 65_532)
        let newline = UInt8(ascii: "\n")
        #expect(try AttributeLines(longest + [newline]).lines.first?.value.count == 65_532)
        #expect(try AttributeLines(longest).lines.count == 1)
        let tooLong = longest + [UInt8(ascii: "x")]
        #expect(throws: RequestError.lineTooLong(line: 1)) { try AttributeLines(tooLong + [newline]) }
        #expect(throws: RequestError.lineTooLong(line: 1)) { try AttributeLines(tooLong) }
        #expect(throws: RequestError.lineTooLong(line: 2)) {
            try AttributeLines(Array("host=a\n".utf8) + tooLong + [newline])
        }
    }

    @Test func `A request may have a mebibyte with its blank line, and not one byte more`() throws {
        let line = Array("a=0123456789abc\n".utf8)
        let request = Array(repeatElement(line, count: 1_048_576 / 16).joined())
        #expect(request.count == AttributeLines.maxRequest)
        #expect(try AttributeLines(request).lines.count == 65_536)
        #expect(throws: RequestError.requestTooLarge) { try AttributeLines(request + [UInt8(ascii: "\n")]) }
        #expect(throws: RequestError.requestTooLarge) { try AttributeLines(request + Array("a=1".utf8)) }
        // The blank line counts too.
        let blank = Array(request.dropLast(2)) + Array("\n\n".utf8)
        #expect(try AttributeLines(blank + Array("never read".utf8)).lines.count == 65_536)
    }

    private static let completeness: [(input: String, complete: Bool)] = [
        ("", false),
        ("a=1", false),
        ("a=1\n", false),
        ("a=1\n\n", true),
        ("a=1\n\nmore", true),
        ("\n", true),
        ("\na=1\n", true),
        // CR is not part of a line end: the request continues and will be refused.
        ("a=1\r\n\r\n", false),
    ]

    @Test(arguments: completeness)
    func `A reader stops at the blank line without waiting for the end of the input`(input: String, complete: Bool) {
        #expect(AttributeLines.isComplete(Array(input.utf8)) == complete)
    }

    @Test func `A reader that checks after each chunk finds the blank line however the chunks are split`() {
        let input = Array("a=1\nb=2\n\nrest".utf8)
        for cut in 0...input.count {
            let chunk = Array(input[..<cut])
            #expect(AttributeLines.isComplete(chunk) == (cut >= 9))
            #expect(AttributeLines.isComplete(input, scanned: min(cut, 8)))
        }
    }

    @Test func `A reader stops as soon as it is clear that the request will be refused`() {
        let input = Array(repeating: UInt8(ascii: "x"), count: AttributeLines.maxRequest)
        #expect(!AttributeLines.isComplete(input))
        #expect(AttributeLines.isComplete(input + [UInt8(ascii: "x")]))
    }

    @Test(arguments: [
        // The chunks of input, and the resulting request
        (["a=1\n", "b=2\n", "\n", "c=3\n"], "a=1\nb=2\n\n"),  // The blank line ends it, though more could follow
        (["a=1\n\nb=2\n", "c=3\n"], "a=1\n\nb=2\n"),
        (["a=", "1\n"], "a=1\n"),  // The input ends
        ([], ""),
    ])
    func `A stream is read up to the blank line or its end`(_ chunks: [String], _ gathered: String) {
        var rest = chunks[...]
        let request = AttributeLines.gather { Array((rest.popFirst() ?? "").utf8)[...] }
        #expect(String(decoding: request, as: UTF8.self) == gathered)
    }

    @Test func `A stream without an end is read until it is too large`() throws {
        let line = Array("a=1\n".utf8)[...]
        let request = AttributeLines.gather { line }
        #expect(request.count > AttributeLines.maxRequest && request.count <= AttributeLines.maxRequest + line.count)
        #expect(throws: RequestError.requestTooLarge) { try AttributeLines(request) }
    }
}
