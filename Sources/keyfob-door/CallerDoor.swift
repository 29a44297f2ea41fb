import CredentialProtocol
import Dialects
import Doors
import Files
import Glibc
import Synchronization

/// The door for callers other than git. It answers from kernel memory in the caller's dialect, or hands the question
/// over to the program `keyfob` in its own directory. `keyfob` is then called by the same name.
///
/// It answers alone if the token is in kernel memory and has enough lifetime left, or if the question itself is
/// invalid. keyfob handles everything else: storing, deleting, listing, stored passwords and all other failures.
struct CallerDoor {
    let dialect: any CallerDialect.Type
    /// The name by which the process was called.
    let name: String
    /// The arguments after the program's name.
    let arguments: [String]

    /// - Returns: the exit status. Does not return if keyfob takes the question over.
    func run() -> Int32 {
        if let greeting = dialect.greeting { return converse(greeting) }
        let read = ReadOnce()
        guard let turn = turn({ read.bytes() }) else {
            return failed(HandOver.run([name] + arguments, input: read.soFar))
        }
        return Self.deliver(turn.reply ?? Reply())
    }

    /// Runs a conversation: one question a line, each answered before the next is read.
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

    /// Reads one question and answers it from kernel memory, or reports that it is invalid. Returns nil if keyfob has
    /// to answer. The reply is nil at the end of the conversation. A question after which the input cannot be trusted
    /// is the last one.
    private func turn(_ input: @escaping @Sendable () -> [UInt8]?) -> (reply: Reply?, isLast: Bool)? {
        var speaker = dialect.init()
        let question: Question
        do {
            question = try speaker.question(
                Invocation(arguments, variable: EnvironmentVariables.value(of:), input: input))
        } catch {
            return (speaker.failed(Report(error)), error.endsConversation)
        }
        if case .end = question { return (nil, true) }
        guard case .get(let request) = question, let response = RememberedToken.answer(to: request),
            let reply = try? speaker.found(Answer(response, now: Int64(time(nil))), for: request)
        else { return nil }
        return (reply, false)
    }

    /// Reports that keyfob could not be started.
    private func failed(_ failure: HandOver.Failure) -> Int32 {
        let failure = Report(
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

/// Standard input, read only if a dialect asks for it, and kept so that keyfob can read it again.
private final class ReadOnce: Sendable {
    private let read = Mutex<[UInt8]?>(nil)

    /// The bytes that were read; nil if no dialect asked for them.
    var soFar: [UInt8]? { read.withLock { $0 } }

    func bytes() -> [UInt8] {
        let bytes = Input.readAll(upTo: Invocation.maximumInput + 1)
        read.withLock { $0 = bytes }
        return bytes
    }
}

/// Standard input line by line. A line without an answer is kept, so that keyfob can answer it.
private final class UnansweredLines: Sendable {
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
