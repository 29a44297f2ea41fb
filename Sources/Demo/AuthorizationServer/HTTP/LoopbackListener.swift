package import Hummingbird
import HummingbirdTLS
import Logging
package import NIOCore
package import NIOSSL

/// An HTTP server on 127.0.0.1 that runs while a body of code runs, so that it always ends with it.
package enum LoopbackListener {
    /// The listener ended before it was bound.
    package struct NotListening: Error {
        package init() {}
    }

    /// Binds `port` (0 for a free one), answers requests with `respond`, and meanwhile runs `body` with the port
    /// number. Open connections are closed at the end.
    ///
    /// - Parameters:
    ///   - tls: nil for plain HTTP.
    ///   - respond: also gets the connection, which it may close.
    /// - Throws: the error that `body` throws, or the reason why the listener could not be bound.
    package static func run<Result>(
        port: Int = 0, tls: TLSConfiguration? = nil,
        respond: @escaping @Sendable (Request, _ connection: any Channel) async -> Response,
        whileRunning body: (_ port: Int) async throws -> Result
    ) async throws -> Result {
        let (bound, announce) = AsyncStream.makeStream(of: Int.self)
        var quiet = Logger(label: "loopback") { _ in SwiftLogNoOpLogHandler() }
        quiet.logLevel = .critical
        let idle = TimeAmount.seconds(30)
        let application = Application(
            responder: CallbackResponder<ConnectionContext> { await respond($0, $1.connection) },
            server: try tls.map { try .tls(.http1(configuration: .init(idleTimeout: idle)), tlsConfiguration: $0) }
                ?? .http1(configuration: .init(idleTimeout: idle)),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)),
            onServerRunning: { announce.yield($0.localAddress?.port ?? 0) },
            logger: quiet)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { announce.finish() }
                try await application.run()
            }
            guard let port = await bound.first(where: { _ in true }) else {
                try await group.next()
                throw NotListening()
            }
            let result = try await body(port)
            group.cancelAll()
            return result
        }
    }
}

/// The context of a request: the connection on which it came.
private struct ConnectionContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let connection: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        connection = source.channel
    }
}
