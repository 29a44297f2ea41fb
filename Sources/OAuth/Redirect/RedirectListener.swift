import Secrets

/// A listener for the one genuine answer to one login, and the waiting for it; or, where no browser can come back, the
/// waiting alone.
struct RedirectListener: Sendable {
    /// How long the person's browser may take to fetch the last page before it is cut off.
    private static let farewell = Duration.milliseconds(500)

    private let traffic: LoopbackTraffic
    private let server: LoopbackServer?
    private let template: RedirectTemplate

    /// Binds; nothing is answered before ``begin(_:)``. Throws `listenerFailed`.
    ///
    /// - Parameter listens: false: there are no sockets, and only what is offered can be an answer.
    static func open(
        _ template: RedirectTemplate, listens: Bool = true, patience: Duration = .seconds(5)
    ) async throws(OAuthError) -> RedirectListener {
        let traffic = LoopbackTraffic()
        let server = listens ? try await LoopbackServer.open(template, traffic, patience: patience) : nil
        return RedirectListener(traffic: traffic, server: server, template: template)
    }

    /// nil where nothing listens.
    var port: Int? { server?.port }

    /// As both requests of the login send it.
    var redirectURI: String { template.uri(port: port) }

    /// What browsers write into `Host`.
    var authority: String { template.authority(port: port) }

    /// Begins to answer.
    func begin(_ gate: RedirectGate) {
        traffic.begin(gate)
    }

    /// Takes the address that a person pasted for the answer, or says why it is none.
    func offer(_ pasted: Secret) -> OAuthError? {
        traffic.offer(pasted)
    }

    /// Waits for the genuine answer, the code or the server's refusal, and hands it to `finish`, while `present` runs
    /// beside both; `present` is cancelled at the end, and once there is an answer, nothing it throws matters.
    ///
    /// Throws what `present` throws before that, `authorizationTimedOut`, or `cancelled`.
    func awaitAnswer<Value: Sendable>(
        until deadline: ContinuousClock.Instant, of limit: Duration,
        presenting present: @escaping @Sendable () async throws -> Void,
        finish: (Result<Secret, OAuthError>) async throws -> Value
    ) async throws -> Value {
        return try await LoginRace.run(until: deadline, of: limit) {
            for await event in traffic.events {
                if case .answered(let result) = event { return result }
            }
            throw OAuthError.cancelled
        } presenting: {
            do { try await present() } catch  where traffic.isAnswered {}
        } finish: { answer in
            try await finish(answer)
        }
    }

    /// Waits until the person has the last page, but not for long.
    func sayFarewell() async {
        let events = traffic.events
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await event in events {
                    if case .ended = event { return }
                }
            }
            group.addTask { try? await Task.sleep(for: Self.farewell) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Closes everything at once.
    func close() async {
        traffic.finish()
        await server?.close()
    }
}
