import CredentialProtocol
import Synchronization

/// Whether an input is in ASCII.
final class Heard: Sendable {
    private let input: @Sendable () -> [UInt8]?
    private let state = Mutex(false)

    init(_ input: @escaping @Sendable () -> [UInt8]?) { self.input = input }

    var isInternational: Bool { state.withLock { $0 } }

    func bytes() -> [UInt8]? {
        let bytes = input()
        if bytes?.contains(where: { $0 >= 0x80 }) == true { state.withLock { $0 = true } }
        return bytes
    }
}

/// Standard input, read only if a dialect asks for it, and kept so that `keyfob-main` can read it again.
final class ReadOnce: Sendable {
    private let endsAtBlankLine: Bool
    private let read = Mutex<[UInt8]?>(nil)

    init(endsAtBlankLine: Bool) { self.endsAtBlankLine = endsAtBlankLine }

    /// The bytes that were read; nil if no dialect asked for them.
    var soFar: [UInt8]? { read.withLock { $0 } }

    func bytes() -> [UInt8] {
        let bytes = Input.read(endsAtBlankLine: endsAtBlankLine)
        read.withLock { $0 = bytes }
        return bytes
    }
}

/// Standard input line by line. A line without an answer is kept, so that `keyfob-main` can answer it.
final class UnansweredLines: Sendable {
    private let state = Mutex<(lines: ConversationLines, last: [UInt8]?)>((ConversationLines(), nil))

    /// Returns the next line; the line before it has been answered.
    func next() -> [UInt8]? {
        state.withLock { state in
            state.last = state.lines.next(Input.readSome)
            return state.last
        }
    }

    /// The last line that was returned, and all bytes read after it.
    var unanswered: [UInt8] {
        state.withLock { ($0.last.map { $0 + ConversationLines.end } ?? []) + $0.lines.pending }
    }
}
