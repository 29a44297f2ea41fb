/// One exchange with a built program, as in protocol.md: command, input, output and exit status.
///
/// A transcript is a fenced block with the info string `transcript`:
///
///     $ keyfob get                the command: words divided by one space, without quoting
///     > protocol=https            a line of standard input; `>` alone is a blank line
///     < username=alice            a line of standard output
///     ! keyfob: ...               a line of standard error
///     = 1                         the exit status, last
///
/// `\xHH` stands for a byte and `\\` for a backslash. A stream without a line is empty.
struct Transcript: Sendable, Equatable {
    /// The line of the block in its document, counted from 1.
    var line: Int
    var command: [String]
    var stdin: [UInt8] = []
    var stdout: [UInt8] = []
    var stderr: [UInt8] = []
    var status: Int32

    struct ParsingError: Error, Equatable {
        enum Reason: Equatable {
            case noCommand, secondCommand, malformedCommand, noStatus, malformedStatus, lineAfterStatus
            case unknownMark, malformedEscape, unclosedBlock
        }
        /// In the document, counted from 1.
        var line: Int
        var reason: Reason
    }

    /// Every transcript of a document, in order.
    static func all(in document: String) throws(ParsingError) -> [Transcript] {
        var transcripts: [Transcript] = []
        for block in try FencedBlock.all(in: document) where block.info == "transcript" {
            transcripts.append(try Transcript(block))
        }
        return transcripts
    }

    /// The configuration file for the session of the transcripts; nil if the document has none.
    static func configuration(in document: String) throws(ParsingError) -> String? {
        try FencedBlock.all(in: document).first { $0.info == "toml transcript-session" }
            .map { $0.lines.map { $0 + "\n" }.joined() }
    }

    init(line: Int, command: [String], status: Int32) {
        self.line = line
        self.command = command
        self.status = status
    }

    init(_ block: FencedBlock) throws(ParsingError) {
        var command: [String]?
        var status: Int32?
        self.init(line: block.line, command: [], status: 0)
        for (offset, text) in block.lines.enumerated() {
            let number = block.line + 1 + offset
            guard status == nil else { throw ParsingError(line: number, reason: .lineAfterStatus) }
            switch text.first {
            case "$":
                guard command == nil else { throw ParsingError(line: number, reason: .secondCommand) }
                command = try Self.words(text, number)
            case "=":
                status = Int32(text.dropFirst(2))
                guard status != nil else { throw ParsingError(line: number, reason: .malformedStatus) }
            case ">": stdin += try Self.bytes(text, number)
            case "<": stdout += try Self.bytes(text, number)
            case "!": stderr += try Self.bytes(text, number)
            default: throw ParsingError(line: number, reason: .unknownMark)
            }
            guard command != nil else { throw ParsingError(line: number, reason: .noCommand) }
        }
        guard let command else { throw ParsingError(line: block.line, reason: .noCommand) }
        guard let status else { throw ParsingError(line: block.line, reason: .noStatus) }
        self.command = command
        self.status = status
    }

    private static func words(_ text: String, _ line: Int) throws(ParsingError) -> [String] {
        let words = text.dropFirst(2).split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard words.allSatisfy({ !$0.isEmpty && !$0.contains { "\"'\\$`|<>;&".contains($0) } }) else {
            throw ParsingError(line: line, reason: .malformedCommand)
        }
        return words
    }

    /// The bytes after the mark and its one space, with the LF.
    private static func bytes(_ text: String, _ line: Int) throws(ParsingError) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...].dropFirst()
        guard rest.first ?? UInt8(ascii: " ") == UInt8(ascii: " ") else {
            throw ParsingError(line: line, reason: .unknownMark)
        }
        rest = rest.dropFirst()
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            if rest.first == UInt8(ascii: "\\") {
                bytes.append(byte)
                rest = rest.dropFirst()
            } else {
                let digits = String(decoding: rest.dropFirst().prefix(2), as: UTF8.self)
                guard rest.first == UInt8(ascii: "x"), digits.utf8.count == 2, let value = UInt8(digits, radix: 16)
                else {
                    throw ParsingError(line: line, reason: .malformedEscape)
                }
                bytes.append(value)
                rest = rest.dropFirst(3)
            }
        }
        return bytes + [UInt8(ascii: "\n")]
    }
}
