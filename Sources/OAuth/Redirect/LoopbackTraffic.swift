import NIOCore
import Secrets
import Synchronization

/// What all connections to the listener of one login share.
final class LoopbackTraffic: Sendable {
    /// Most connections at a time; the oldest gives way, so that idle ones cannot keep the genuine one out.
    static let connectionLimit = 64

    /// What happens to the login; ends with ``finish()``.
    let events: AsyncStream<RedirectGate.Event>

    private let continuation: AsyncStream<RedirectGate.Event>.Continuation
    private let gate = Mutex<RedirectGate?>(nil)
    private let connections = Mutex<[any Channel]>([])

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

    func opened(_ channel: any Channel) {
        let oldest = connections.withLock { connections -> (any Channel)? in
            connections.append(channel)
            return connections.count > Self.connectionLimit ? connections.removeFirst() : nil
        }
        oldest?.close(promise: nil)
    }

    func closed(_ channel: any Channel) {
        connections.withLock { $0.removeAll { $0 === channel } }
    }
}
