import CredentialProtocol
import Dialects
import Doors
import Glibc
import Synchronization

/// The door for callers that are not git: answers from kernel memory in the words of whoever called, or hands the same
/// question over to `keyfob` beside itself, which goes by the same name then.
///
/// What it answers alone is a question for a token that is in kernel memory and has enough of its life left, and what is
/// wrong with the question itself. Everything else is keyfob's: what is kept, forgotten or listed, stored passwords, and
/// every kind of trouble.
struct CallerDoor {
    let dialect: any CallerDialect.Type
    /// By which the process was called.
    let name: String
    /// The command line behind it.
    let arguments: [String]

    /// - Returns: the exit status; does not return where the question is handed over.
    func run() -> Int32 {
        if let greeting = dialect.greeting { return converse(greeting) }
        let read = ReadOnce()
        guard let turn = turn({ read.bytes() }) else {
            return failed(HandOver.run([name] + arguments, input: read.soFar))
        }
        return Self.deliver(turn.reply ?? Reply())
    }

    /// A conversation: one question a line, each answered before the next is asked.
    private func converse(_ greeting: [UInt8]) -> Int32 {
        guard Output.write(greeting) else { return Output.nobodyReads }
        let lines = UnansweredLines()
        while true {
            guard let turn = turn({ lines.next() }) else { return failed(handOver(heard: lines.unanswered)) }
            guard let reply = turn.reply else { return 0 }
            let status = Self.deliver(reply)
            if status != 0 || turn.isLast { return status }
        }
    }

    private func handOver(heard: [UInt8]) -> HandOver.Failure {
        HandOver.run(heard: heard) { [name, ConversationLines.argument(descriptor: $0)] + arguments }
    }

    /// One question and its answer, from kernel memory or because it is none: no reply at the end. Nil where keyfob has
    /// to be asked. What cannot be read any further ends a conversation.
    private func turn(_ input: @escaping @Sendable () -> [UInt8]?) -> (reply: Reply?, isLast: Bool)? {
        var speaker = dialect.init()
        let question: Question
        do {
            question = try speaker.question(Invocation(arguments, variable: Environment.variable, input: input))
        } catch {
            return (speaker.failed(CallerFailure(error)), error.endsConversation)
        }
        if case .end = question { return (nil, true) }
        guard case .get(let request) = question, let response = RememberedToken.answer(to: request),
            let reply = try? speaker.found(Answer(response, now: Int64(time(nil))), for: request)
        else { return nil }
        return (reply, false)
    }

    /// Says that keyfob could not be asked.
    private func failed(_ failure: HandOver.Failure) -> Int32 {
        let failure = CallerFailure(
            failure == .inputTooLarge ? .malformedRequest : .temporary, failure.message, hints: failure.hints)
        return Self.deliver(dialect.init().failed(failure))
    }

    /// Writes the whole answer.
    ///
    /// - Returns: the exit status.
    private static func deliver(_ reply: Reply) -> Int32 {
        guard Output.write(reply.output) else { return Output.nobodyReads }
        for line in reply.complaint { Output.complain(line) }
        return reply.status
    }
}

/// Standard input, read only where a dialect wants it, and kept for whoever has to read it again.
private final class ReadOnce: Sendable {
    private let read = Mutex<[UInt8]?>(nil)

    /// What was read; nil where nobody wanted it.
    var soFar: [UInt8]? { read.withLock { $0 } }

    func bytes() -> [UInt8] {
        let bytes = Input.readAll(upTo: Invocation.maximumInput + 1)
        read.withLock { $0 = bytes }
        return bytes
    }
}

/// Standard input line by line; what has no answer yet is kept for whoever answers it.
private final class UnansweredLines: Sendable {
    private let state = Mutex<(lines: ConversationLines, last: [UInt8]?)>((ConversationLines(), nil))

    /// The next line; the one before was answered.
    func next() -> [UInt8]? {
        state.withLock { state in
            state.last = state.lines.next(Input.readSome)
            return state.last
        }
    }

    /// The line that was read last, and all that was read behind it.
    var unanswered: [UInt8] {
        state.withLock { ($0.last.map { $0 + ConversationLines.end } ?? []) + $0.lines.pending }
    }
}
