import NIOCore
import Secrets
import Synchronization

/// The state that all connections to one login's listener share.
final class LoopbackTraffic: Sendable {
    /// Most connections of our user at a time. The oldest is closed for a new one, so that idle ones cannot block the
    /// valid answer.
    static let connectionLimit = 64
    /// Most connections of other users at a time; they get a page. Further ones are refused. They never take a place of
    /// our user's connections.
    static let strangerLimit = 16

    /// The events of the login. The stream ends with ``finish()``.
    let events: AsyncStream<RedirectGate.Event>

    /// Responses that are no answer, for the user to know. The stream ends with ``finish()``.
    let remarks: AsyncStream<OAuthError>

    private let continuation: AsyncStream<RedirectGate.Event>.Continuation
    private let remarked: AsyncStream<OAuthError>.Continuation
    private let gate = Mutex<RedirectGate?>(nil)
    private let places = Mutex(Places())

    init() {
        (events, continuation) = AsyncStream.makeStream()
        (remarks, remarked) = AsyncStream.makeStream()
    }

    /// Starts to answer requests. The gate needs the port, so the sockets exist before it.
    func begin(_ gate: RedirectGate) {
        self.gate.withLock { $0 = gate }
    }

    /// Answers a request. The event must be reported after the answer was sent.
    func answer(_ request: LoopbackRequest) -> (LoopbackAnswer, RedirectGate.Event?) {
        gate.withLock { gate in
            gate?.answer(request) ?? (.page(.notBegun), nil)
        }
    }

    /// Takes a pasted address as the answer and reports it, or returns why it is not the answer.
    func offer(_ pasted: Secret) -> OAuthError? {
        let answer = gate.withLock { gate -> Result<RedirectGate.Event?, OAuthError> in
            Result { () throws(OAuthError) in try gate?.take(pasted: pasted) }
        }
        switch answer {
        case .failure(let error): return error
        case .success(let event):
            if let event {
                report(event)
                report(.ended)  // The browser does not fetch our last page.
            }
            return nil
        }
    }

    /// Whether the valid answer has come, even if it is not reported yet.
    var isAnswered: Bool { gate.withLock { $0?.isAnswered == true } }

    func report(_ event: RedirectGate.Event) {
        if case .remarked(let error) = event { remarked.yield(error) } else { continuation.yield(event) }
    }

    func finish() {
        continuation.finish()
        remarked.finish()
    }

    /// Gives a new connection a place until it is closed. Returns false if there is none; the connection must then be
    /// refused.
    func admit(_ channel: any Channel, isStranger: Bool) -> Bool {
        let (isAdmitted, oldest) = places.withLock { $0.take(channel, isStranger: isStranger) }
        oldest?.close(promise: nil)
        if isAdmitted {
            channel.closeFuture.whenComplete { _ in self.places.withLock { $0.leave(channel) } }
        }
        return isAdmitted
    }

    /// The open connections.
    private struct Places {
        private var persons: [any Channel] = []
        private var strangers: [any Channel] = []

        /// Returns whether `channel` has a place now, and which connection has lost its place to it.
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
