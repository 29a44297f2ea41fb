/// A fenced code block of a Markdown document.
struct FencedBlock: Sendable, Equatable {
    /// The info string after the opening fence.
    var info: String
    /// The line of the opening fence, counted from 1.
    var line: Int
    /// The text between the fences.
    var lines: [String]

    /// The blocks that start at the left margin with three backquotes.
    static func all(in document: String) throws(Transcript.ParsingError) -> [FencedBlock] {
        var blocks: [FencedBlock] = []
        var open: FencedBlock?
        for (index, text) in document.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if let block = open {
                if text == "```" {
                    blocks.append(block)
                    open = nil
                } else {
                    open?.lines.append(String(text))
                }
            } else if text.hasPrefix("```") {
                open = FencedBlock(info: String(text.dropFirst(3)), line: index + 1, lines: [])
            }
        }
        if let open { throw Transcript.ParsingError(line: open.line, reason: .unclosedBlock) }
        return blocks
    }
}
