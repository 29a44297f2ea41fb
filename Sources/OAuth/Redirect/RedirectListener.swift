import Secrets

/// Listens and waits for the one valid answer to one login. If no browser can return to this machine, it only waits.
struct RedirectListener: Sendable {
    /// How long the browser may take to fetch the last page.
    private static let lastPageTimeout = Duration.milliseconds(500)

    private let traffic: LoopbackTraffic
    private let server: LoopbackServer?
    private let template: RedirectTemplate

    /// Binds the sockets. Nothing is answered before ``begin(_:)``.
    ///
    /// - Parameter listens: if false, there are no sockets, and only ``offer(_:)`` can bring an answer.
    /// - Throws: `listenerFailed`.
    static func open(
        _ template: RedirectTemplate, listens: Bool = true, patience: Duration = .seconds(5)
    ) async throws(OAuthError) -> RedirectListener {
        let traffic = LoopbackTraffic()
        let server = listens ? try await LoopbackServer.open(template, traffic, patience: patience) : nil
        return RedirectListener(traffic: traffic, server: server, template: template)
    }

    /// nil if nothing listens.
    var port: Int? { server?.port }

    /// As both requests of the login send it.
    var redirectURI: String { template.uri(port: port) }

    /// As browsers write it in `Host`.
    var authority: String { template.authority(port: port) }

    /// Starts to answer.
    func begin(_ gate: RedirectGate) {
        traffic.begin(gate)
    }

    /// Responses that are no answer, as they come.
    var remarks: AsyncStream<OAuthError> { traffic.remarks }

    /// Whether the valid answer has come.
    var isAnswered: Bool { traffic.isAnswered }

    /// Takes a pasted address as the answer, or returns why it is not the answer.
    func offer(_ pasted: Secret) -> OAuthError? {
        traffic.offer(pasted)
    }

    /// Waits for the valid answer (the code or the server's refusal) and passes it to `finish`. `present` runs in
    /// parallel and is cancelled at the end. After the answer its errors are ignored.
    ///
    /// - Throws: errors of `present` before the answer, errors of `finish`, `authorizationTimedOut` or `cancelled`.
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

    /// Waits until the browser has the last page, but not longer than `lastPageTimeout`.
    func awaitLastPage() async {
        let events = traffic.events
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await event in events {
                    if case .ended = event { return }
                }
            }
            group.addTask { try? await Task.sleep(for: Self.lastPageTimeout) }
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
