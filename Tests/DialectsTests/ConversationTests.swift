import CredentialProtocol
import Dialects
import Testing

/// One question a line, however it comes.
@Suite struct `The lines of a conversation` {
    /// The lines out of pieces that are read one after the other.
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
    func `They are what stands between ends of lines`(_ pieces: [String], _ expected: [String]) {
        #expect(Self.lines(pieces) == expected)
        #expect(Self.lines([], pending: pieces.joined()) == expected)
    }

    @Test func `What is behind a line waits for its turn`() {
        var conversation = ConversationLines(pending: Array("one\ntwo\nthr".utf8))
        #expect(conversation.next({ [] }) == Array("one".utf8))
        #expect(conversation.pending == Array("two\nthr".utf8))
    }

    @Test func `A line that is too long is seen to be so, and nothing comes after it`() {
        let most = Invocation.maximumInput
        let lines = Self.lines([String(repeating: "x", count: most), "xx\n", "two\n"])
        #expect(lines.map(\.utf8.count) == [most + 1, 3])
        #expect(Self.lines([String(repeating: "x", count: most), "\n", "two\n"]).map(\.utf8.count) == [most, 3])
    }

    @Test func `A door tells how much of it was heard with one argument, and only with the first`() {
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
