import NIOCore
import Secrets
import Synchronization

/// What all connections to the listener of one login share.
final class LoopbackTraffic: Sendable {
    /// Most connections of the person at a time; the oldest gives way, so that idle ones cannot keep the genuine one out.
    static let connectionLimit = 64
    /// Most connections of other users at a time, which are answered with a page. Others are turned away meanwhile, and
    /// none of them takes a place of the person's.
    static let strangerLimit = 16

    /// What happens to the login; ends with ``finish()``.
    let events: AsyncStream<RedirectGate.Event>

    private let continuation: AsyncStream<RedirectGate.Event>.Continuation
    private let gate = Mutex<RedirectGate?>(nil)
    private let places = Mutex(Places())

    init() {
        (events, continuation) = AsyncStream.makeStream()
    }

    /// From now on requests are answered; the gate needs the port, so the sockets are there before it.
    func begin(_ gate: RedirectGate) {
        self.gate.withLock { $0 = gate }
    }

    /// Answers a request; with the event that is to be told once the answer has left.
    func answer(_ request: LoopbackRequest) -> (LoopbackAnswer, RedirectGate.Event?) {
        gate.withLock { gate in
            gate?.answer(request) ?? (.page(.notBegun), nil)
        }
    }

    /// Takes the address that a person pasted for the answer, and tells it; or says why it is none.
    func offer(_ pasted: Secret) -> OAuthError? {
        let answer = gate.withLock { gate -> Result<RedirectGate.Event?, OAuthError> in
            Result { () throws(OAuthError) in try gate?.take(pasted: pasted) }
        }
        switch answer {
        case .failure(let error): return error
        case .success(let event):
            if let event {
                tell(event)
                tell(.ended)  // No page of ours is waited for.
            }
            return nil
        }
    }

    /// Whether the genuine answer has come, told or not.
    var isAnswered: Bool { gate.withLock { $0?.isAnswered == true } }

    func tell(_ event: RedirectGate.Event) {
        continuation.yield(event)
    }

    func finish() {
        continuation.finish()
    }

    /// Gives a new connection a place until it is closed. False if it gets none and must be turned away.
    func admit(_ channel: any Channel, isStranger: Bool) -> Bool {
        let (isAdmitted, oldest) = places.withLock { $0.take(channel, isStranger: isStranger) }
        oldest?.close(promise: nil)
        if isAdmitted {
            channel.closeFuture.whenComplete { _ in self.places.withLock { $0.leave(channel) } }
        }
        return isAdmitted
    }

    /// The connections that are open.
    private struct Places {
        private var persons: [any Channel] = []
        private var strangers: [any Channel] = []

        /// Whether `channel` has a place now, and which one has lost its place to it.
        mutating func take(_ channel: any Channel, isStranger: Bool) -> (isAdmitted: Bool, oldest: (any Channel)?) {
            guard !isStranger else {
                guard strangers.count < LoopbackTraffic.strangerLimit else { return (false, nil) }
                strangers.append(channel)
                return (true, nil)
            }
            persons.append(channel)
            return (true, persons.count > LoopbackTraffic.connectionLimit ? persons.removeFirst() : nil)
        }

        mutating func leave(_ channel: any Channel) {
            persons.removeAll { $0 === channel }
            strangers.removeAll { $0 === channel }
        }
    }
}
