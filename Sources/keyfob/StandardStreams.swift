import Dialects
import Doors
import Glibc
import Secrets
import Synchronization

/// Standard input, where a request stands.
enum StandardInput {
    /// Reads a secret that a person hands over: the first line, without its end; nil where it is empty.
    static func readSecret() -> Secret? {
        let line = Input.readRequest().prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        return line.isEmpty ? nil : Secret(line)
    }

    /// Reads to the end, and at most one byte more than a caller may say.
    static func readAll() -> [UInt8] { Input.readAll(upTo: Invocation.maximumInput + 1) }
}

/// Standard input line by line.
final class LineInput: Sendable {
    private let lines: Mutex<ConversationLines>

    /// - Parameter descriptor: what holds the beginning, where a door has read it already.
    init(beginningOn descriptor: Int32?) {
        let read = descriptor.map { descriptor in
            defer { close(descriptor) }
            return Input.readAll(upTo: HandOver.longestInput, from: descriptor)
        }
        lines = Mutex(ConversationLines(pending: read ?? []))
    }

    /// The next line without its end, at most one byte more than a caller may say; nil at the end.
    func next() -> [UInt8]? { lines.withLock { $0.next(Input.readSome) } }
}
