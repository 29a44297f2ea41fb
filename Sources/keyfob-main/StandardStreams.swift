import CredentialProtocol
import Doors
import Glibc
import Secrets
import Synchronization

/// Standard input with a request.
enum StandardInput {
    /// Reads a secret from the user: the first line, without its end; nil if it is empty.
    static func readSecret() -> Secret? {
        let line = Input.readRequest().prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        return line.isEmpty ? nil : Secret(line)
    }
}

/// Standard input line by line.
final class LineInput: Sendable {
    private let lines: Mutex<ConversationLines>

    /// - Parameter descriptor: has the beginning of the input, if a door has read it already.
    init(beginningOn descriptor: Int32?) {
        let read = descriptor.map { descriptor in
            defer { close(descriptor) }
            return Input.readAll(upTo: HandOver.longestInput, from: descriptor)
        }
        lines = Mutex(ConversationLines(pending: read ?? []))
    }

    /// The next line without its end, at most one byte more than the limit for callers; nil at the end.
    func next() -> [UInt8]? { lines.withLock { $0.next(Input.readSome) } }
}
