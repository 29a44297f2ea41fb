import CredentialProtocol
import Files
import Glibc
import Processes

/// One connection to the agent: one question and its answer.
final class AgentConnection {
    enum State {
        case reading
        /// The question is complete, and waits for the user or for a free place.
        case waiting
        /// The user is asked.
        case asking
        /// A program looks for the credential.
        case working(StartedProgram, output: [UInt8])
        case writing(ArraySlice<UInt8>)
        case closed
    }

    let descriptor: CInt
    var state = State.reading
    var question: AgentQuestion?
    /// Whether the user has said yes to this question alone.
    var isAgreed = false
    /// Whether its erasure has been counted.
    var isCounted = false
    /// When the state is given up.
    var deadline: ContinuousClock.Instant
    private var input: [UInt8] = []
    /// Whether nothing has come: a door that only looks whether the agent is there asks nothing.
    var isSilent: Bool { input.isEmpty }

    init(_ descriptor: CInt) {
        self.descriptor = descriptor
        deadline = .now + Self.patience
        // Before the question, so that a door knows at once that this is an agent.
        _ = LocalSocket.send(Array((AgentQuestion.version + "\n").utf8)[...], to: descriptor)
    }

    /// For the whole question, and for the whole answer.
    static let patience = Duration.seconds(5)

    /// What poll(2) waits for.
    var wishes: [Readiness.Wish] {
        switch state {
        case .reading: [.init(descriptor)]
        case .waiting, .asking: [.init(descriptor, .end)]
        case .working(let program, _): [.init(descriptor, .end), .init(program.output)]
        case .writing: [.init(descriptor, .writing)]
        case .closed: []
        }
    }

    enum Reading: Equatable { case more, complete([UInt8]), gone }

    /// Reads the bytes that are there.
    func read() -> Reading {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        guard let piece = LocalSocket.receive(descriptor, &buffer) else { return .more }
        if piece.isEmpty { return .gone }
        let scanned = input.count
        input += piece
        let isComplete = input.count > AgentQuestion.largest || AttributeLines.isComplete(input, scanned: scanned)
        return isComplete ? .complete(input) : .more
    }

    /// Begins to write the answer, without its version line, which has been sent.
    func answer(_ bytes: [UInt8]) {
        state = .writing(bytes.dropFirst(AgentQuestion.version.utf8.count + 1))
        deadline = .now + Self.patience
        write()
    }

    /// Writes as much as the other end takes, and closes the connection at the end.
    func write() {
        guard case .writing(let rest) = state else { return }
        guard let count = LocalSocket.send(rest, to: descriptor), count < rest.count else { return close() }
        state = .writing(rest.dropFirst(count))
    }

    func close() {
        if case .closed = state { return }
        Glibc.close(descriptor)
        input = []
        state = .closed
    }
}
