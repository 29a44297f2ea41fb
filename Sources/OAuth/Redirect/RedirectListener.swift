import Secrets

/// A listener for the one genuine answer to one login, and the waiting for it.
struct RedirectListener: Sendable {
    /// How long the person's browser may take to fetch the last page before it is cut off.
    private static let farewell = Duration.milliseconds(500)

    private let server: LoopbackServer
    private let template: RedirectTemplate

    /// Binds; nothing is answered before ``begin(_:)``. Throws `listenerFailed`.
    static func open(
        _ template: RedirectTemplate, patience: Duration = .seconds(5)
    ) async throws(OAuthError) -> RedirectListener {
        RedirectListener(server: try await LoopbackServer.open(template, patience: patience), template: template)
    }

    /// As both requests of the login send it.
    var redirectURI: String { template.uri(port: server.port) }

    /// What browsers write into `Host`.
    var authority: String { "\(template.host):\(server.port)" }

    /// Begins to answer.
    func begin(_ gate: RedirectGate) {
        server.traffic.begin(gate)
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
        let traffic = server.traffic
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
        let events = server.traffic.events
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
        await server.close()
    }
}
