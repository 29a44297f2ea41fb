package import CredentialProtocol
import Files
import Glibc
import Processes

/// The agent of one forward: answers the questions of one other machine or container with the sign-ins of this one.
///
/// One thread serves all connections. It answers from kernel memory itself; for everything else it starts `keyfob-main`, so
/// that at rest it holds no library, no secret and hardly any memory, and a question that takes long delays no other.
package final class Agent {
    package struct Settings: Sendable {
        /// The name of the forward: the other machine, as the user calls it.
        package var name: String
        /// The users who may connect.
        package var users: Set<UInt32>
        /// The path of `keyfob-main`.
        package var program: String
        /// The time after which the agent ends; nil for none.
        package var lifetime: Duration?

        package init(name: String, users: Set<UInt32>, program: String, lifetime: Duration? = nil) {
            (self.name, self.users, self.program, self.lifetime) = (name, users, program, lifetime)
        }
    }

    private let settings: Settings
    private let listener: CInt
    private let remembered: (CredentialRequest) -> CredentialResponse?
    private var gate: Gate
    private var records: LogRecords
    private var narrowed = NarrowedTokens()
    private var connections: [AgentConnection] = []
    /// The question to the user, of which there is one at a time.
    private var consent: (program: StartedProgram, connection: AgentConnection, wish: Wish)?
    /// Programs that were asked to end, until they have ended.
    private var ending: [(program: StartedProgram, patience: ContinuousClock.Instant)] = []

    /// - Parameters:
    ///   - listener: a socket that listens and does not block.
    ///   - remembered: answers a request from kernel memory.
    ///   - log: writes an entry of the log.
    package init(
        _ settings: Settings, listener: CInt, gate: Gate,
        remembered: @escaping (CredentialRequest) -> CredentialResponse?, log: @escaping (LogEntry) -> Void
    ) {
        (self.settings, self.listener, self.gate, self.remembered) = (settings, listener, gate, remembered)
        records = LogRecords(log)
    }

    /// The most connections at once. More wait, and are closed at once if they are too many.
    private static let mostConnections = 192
    /// The most programs at once that look for a credential.
    private static let mostPrograms = 8
    /// How long a sign-in may take: the longest that a user can configure, and a little more.
    private static let patience = Duration.seconds(3700)
    /// How long a question waits for its turn: others may be before it.
    private static let waitingPatience = Duration.seconds(300)
    /// The user has a minute to answer; the program that asks also needs time to start.
    private static let consentPatience = Duration.seconds(70)
    /// poll(2) returns after this time, because a signal may come just before it.
    private static let beat: CInt = 2000

    /// Serves until `isEnded` is true, its time is over, or the process gets a signal to end.
    ///
    /// - Parameters:
    ///   - end: a descriptor that is readable once `isEnded` may be true; -1 for none.
    ///   - isEnded: whether nobody needs the agent any more.
    package func serve(until end: CInt = -1, isEnded: () -> Bool) {
        let last = settings.lifetime.map { ContinuousClock.now + $0 }
        while !HeldSignals.isCaught, !isEnded(), last.map({ ContinuousClock.now < $0 }) ?? true {
            turn(end)
        }
        for connection in connections { drop(connection) }
        if let consent { consent.program.stop() }
        records.flush(now: Self.clock)
    }

    /// Waits for the next events, and handles them.
    func turn(_ end: CInt = -1) {
        let served = connections
        let places = served.map(\.wishes)
        let wishes = [.init(listener), .init(end), .init(consent?.program.end ?? -1)] + places.flatMap { $0 }
        let answers = Readiness.wait(for: wishes, connections.isEmpty && ending.isEmpty ? Self.beat : 200)
        var index = 3
        for (connection, wishes) in zip(served, places) {
            let part = answers[index..<index + wishes.count]
            index += wishes.count
            if part.contains(where: { $0.isReady }) { handle(connection, Array(part)) }
        }
        if answers[0].isReady { accept() }
        finishConsent()
        for connection in connections where connection.deadline < .now { expire(connection) }
        for connection in connections { if case .waiting = connection.state { proceed(connection) } }
        connections.removeAll { if case .closed = $0.state { true } else { false } }
        reap()
        records.tick(now: Self.clock)
    }

    private func accept() {
        for _ in 0..<64 {
            guard let descriptor = LocalSocket.accept(listener) else { return }
            guard let user = LocalSocket.user(of: descriptor), settings.users.contains(user) else {
                close(descriptor)
                record(nil, refusal: .stranger)
                continue
            }
            if connections.count >= Self.mostConnections {
                // Who asks nothing makes room for others.
                guard
                    let oldest = connections.firstIndex(where: { if case .reading = $0.state { true } else { false } })
                else {
                    close(descriptor)
                    record(nil, refusal: .busy)
                    continue
                }
                drop(connections[oldest], refusal: .busy)
                connections.remove(at: oldest)
            }
            connections.append(AgentConnection(descriptor))
        }
    }

    private func handle(_ connection: AgentConnection, _ answers: [Readiness.Answer]) {
        switch connection.state {
        case .reading: read(connection)
        case .waiting, .asking: drop(connection, refusal: .tooLate)
        case .working(let program, let output):
            if answers[0].isReady { return drop(connection, refusal: .tooLate) }
            work(connection, program, output)
        case .writing: connection.write()
        case .closed: break
        }
    }

    private func read(_ connection: AgentConnection) {
        switch connection.read() {
        case .more: break
        case .gone: drop(connection, refusal: connection.isSilent ? nil : .malformed)
        case .complete(let bytes):
            do throws(AgentQuestion.Invalid) {
                connection.question = try AgentQuestion(bytes)
                connection.state = .waiting
                connection.deadline = .now + Self.waitingPatience
            } catch {
                refuse(connection, .malformed)
            }
        }
    }

    /// Decides about a complete question.
    private func proceed(_ connection: AgentConnection) {
        guard let question = connection.question else { return connection.close() }
        if connection.isAgreed { return answer(connection, gate.travelling(question)) }
        switch gate.decide(question, now: Self.clock) {
        case .refuse(let refusal): refuse(connection, refusal)
        case .pass(let question):
            if question.operation == .erase, !connection.isCounted {
                guard gate.takesErasure(now: Self.clock) else { return refuse(connection, .busy) }
                connection.isCounted = true
            }
            answer(connection, question)
        case .ask(let wish): if consent == nil { ask(wish, for: connection) }
        }
    }

    // MARK: Answers

    private func answer(_ connection: AgentConnection, _ question: AgentQuestion) {
        let limit = gate.limit(for: question.request)
        if let answer = quickAnswer(to: question, limit) { return finish(connection, answer) }
        let programs = connections.count { if case .working = $0.state { true } else { false } }
        guard programs < Self.mostPrograms else { return }
        let arguments = [AgentPrograms.answering, question.operation.rawValue, settings.name] + limit
        guard let bytes = question.bytes,
            let program = try? StartedProgram.apart(settings.program, arguments, input: bytes)
        else { return refuse(connection, .busy) }
        connection.state = .working(program, output: [])
        connection.deadline = .now + Self.patience
    }

    /// The answer from memory; nil if there is none.
    private func quickAnswer(to question: AgentQuestion, _ limit: [String]) -> AgentAnswer? {
        switch question.operation {
        case .erase:
            narrowed.forget(question.request.credential ?? question.request.password)
            return nil
        case .get where limit.isEmpty:
            var request = question.request
            request.capabilities = Set(Capability.allCases)
            return remembered(request).map { .credential($0, service: nil) }
        // Kernel memory has only tokens with all scopes.
        case .get: return narrowed.answer(to: question.request, now: Int64(time(nil)))
        }
    }

    private func work(_ connection: AgentConnection, _ program: StartedProgram, _ output: [UInt8]) {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        let piece = Descriptors.read(program.output, &buffer) ?? []
        let output = output + piece
        guard piece.isEmpty || output.count > AgentAnswer.largest else {
            connection.state = .working(program, output: output)
            return
        }
        end(program, isDone: piece.isEmpty)
        let failure = AgentAnswer.refused(Report(.internal, "keyfob-main gave no answer"))
        finish(connection, AgentAnswer(output) ?? failure)
    }

    private func finish(_ connection: AgentConnection, _ answer: AgentAnswer) {
        guard let question = connection.question else { return connection.close() }
        let answer = gate.travelling(answer, to: question.request)
        var entry = entry(question, outcome: "")
        entry.took(answer)
        guard let bytes = try? answer.bytes() else { return refuse(connection, .malformed) }
        records.add(entry, isRefusal: entry.isRefusal, now: Self.clock)
        if !gate.limit(for: question.request).isEmpty {
            narrowed.note(answer, to: question.request, now: Int64(time(nil)))
        }
        connection.answer(bytes)
    }

    private func refuse(_ connection: AgentConnection, _ refusal: Gate.Refusal) {
        record(connection.question, refusal: refusal)
        guard let bytes = try? AgentAnswer.refused(refusal.report).bytes() else { return connection.close() }
        connection.answer(bytes)
    }

    private func expire(_ connection: AgentConnection) {
        switch connection.state {
        case .reading, .waiting, .asking: drop(connection, refusal: .tooLate)
        case .working, .writing, .closed: drop(connection)
        }
    }

    /// Closes a connection whose caller is gone or too slow.
    private func drop(_ connection: AgentConnection, refusal: Gate.Refusal? = nil) {
        if let refusal { record(connection.question, refusal: refusal) }
        if case .working(let program, _) = connection.state { end(program, isDone: false) }
        connection.close()
    }

    // MARK: The user

    private func ask(_ wish: Wish, for connection: AgentConnection) {
        let arguments = AgentPrograms.asking(settings.name, wish)
        guard let program = try? StartedProgram.beside(settings.program, arguments) else {
            return refuse(connection, .notAllowed)
        }
        connection.state = .asking
        connection.deadline = .now + Self.consentPatience
        consent = (program, connection, wish)
    }

    /// Takes the user's answer, if it is there or nobody waits for it any more.
    private func finishConsent() {
        guard let (program, connection, wish) = consent else { return }
        let status = program.status()
        if case .asking = connection.state {
            guard let status else { return }
            let consent = AgentPrograms.consent(status)
            if let refusal = gate.took(consent, to: wish, now: Self.clock) {
                refuse(connection, refusal)
            } else {
                connection.isAgreed = true
                connection.state = .waiting
                connection.deadline = .now + Self.waitingPatience
            }
        } else {
            _ = gate.took(.silence, to: wish, now: Self.clock)
            if status == nil { end(program, isDone: false) }
        }
        if status != nil { program.closeDescriptors() }
        consent = nil
    }

    // MARK: Programs and the log

    private func end(_ program: StartedProgram, isDone: Bool) {
        if !isDone { program.stop() }
        ending.append((program, .now + .seconds(10)))
    }

    private func reap() {
        ending.removeAll { program, patience in
            if program.status() == nil {
                if patience < .now { program.stop(atOnce: true) }
                return false
            }
            program.closeDescriptors()
            return true
        }
    }

    private func record(_ question: AgentQuestion?, refusal: Gate.Refusal) {
        records.add(entry(question, outcome: refusal.rawValue), isRefusal: true, now: Self.clock)
    }

    private func entry(_ question: AgentQuestion?, outcome: String) -> LogEntry {
        LogEntry(time: Int64(time(nil)), destination: settings.name, question: question, outcome: outcome)
    }

    private static let start = ContinuousClock.now

    /// Seconds that never go back.
    private static var clock: Int64 { start.duration(to: .now).components.seconds }
}
