import CredentialProtocol
import Dialects
import Testing

/// Each line is one request, even if it arrives in pieces.
@Suite struct `The lines of a conversation` {
    /// The lines in `pieces`, which are read one after the other.
    private static func lines(_ pieces: [String], pending: String = "") -> [String] {
        var rest = pieces.map { Array($0.utf8) }[...]
        var conversation = ConversationLines(pending: Array(pending.utf8))
        var lines: [String] = []
        while let line = conversation.next({ rest.popFirst()?[...] ?? [] }) {
            lines.append(String(decoding: line, as: UTF8.self))
        }
        return lines
    }

    @Test(
        arguments: [
            (["one\ntwo\n"], ["one", "two"]), (["o", "ne", "\n", "two"], ["one", "two"]),
            (["\n\none"], ["", "", "one"]),
            ([], []), (["one"], ["one"]), (["one\r\n"], ["one\r"]),
        ] as [([String], [String])])
    func `Each line ends at a line feed or at the end of the input`(_ pieces: [String], _ expected: [String]) {
        #expect(Self.lines(pieces) == expected)
        #expect(Self.lines([], pending: pieces.joined()) == expected)
    }

    @Test func `Bytes after a line stay pending`() {
        var conversation = ConversationLines(pending: Array("one\ntwo\nthr".utf8))
        #expect(conversation.next({ [] }) == Array("one".utf8))
        #expect(conversation.pending == Array("two\nthr".utf8))
    }

    @Test func `A line that is too long is cut one byte over the limit`() {
        let most = Invocation.maximumInput
        let lines = Self.lines([String(repeating: "x", count: most), "xx\n", "two\n"])
        #expect(lines.map(\.utf8.count) == [most + 1, 3])
        #expect(Self.lines([String(repeating: "x", count: most), "\n", "two\n"]).map(\.utf8.count) == [most, 3])
    }

    @Test func `Only the first argument can name the descriptor with the bytes that a door has read`() {
        var arguments = [ConversationLines.argument(descriptor: 7), "--cargo-plugin"]
        #expect(ConversationLines.descriptor(from: &arguments) == 7)
        #expect(arguments == ["--cargo-plugin"])
        for other in [["--cargo-plugin", "--heard=7"], ["--heard=x"], ["--heard="], ["--heard"], []] {
            var arguments = other
            #expect(ConversationLines.descriptor(from: &arguments) == nil)
            #expect(arguments == other)
        }
    }
}
