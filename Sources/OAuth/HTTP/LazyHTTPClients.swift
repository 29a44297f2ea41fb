import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// The HTTP clients of a transport, made when they are first asked for: one for each proxy and each set of trusted
/// authorities, all on one thread.
///
/// Most runs of the program send nothing, and none of them must pay for a thread and a TLS context.
final class LazyHTTPClients: Sendable {
    /// What one client differs in from another.
    struct Way: Hashable {
        /// nil: directly.
        var proxy: HTTPClient.Configuration.Proxy?
        /// As in ``NetworkSettings``.
        var authorities: String?
        var extraAuthorities: String?
        /// Which address to connect to for a host, where it is not any.
        var addresses: [String: String] = [:]
        /// Whether there is another way, which shall not have to wait for this one until the deadline.
        var isOneOfSeveral = false
    }

    private struct State {
        var group: MultiThreadedEventLoopGroup?
        var clients: [Way: HTTPClient] = [:]

        /// The one thread, started when it is first needed.
        var thread: MultiThreadedEventLoopGroup {
            mutating get {
                let thread = group ?? MultiThreadedEventLoopGroup(numberOfThreads: 1)
                group = thread
                return thread
            }
        }
    }

    /// The longest wait for a connection where there is another address to try.
    private static let impatience = Duration.seconds(3)

    private let state = Mutex(State())
    private let deadline: Duration

    init(deadline: Duration) {
        self.deadline = deadline
    }

    /// The client that goes this way.
    func client(_ way: Way) -> HTTPClient {
        state.withLock { state in
            if let client = state.clients[way] { return client }
            let client = HTTPClient(
                eventLoopGroupProvider: .shared(state.thread), configuration: configuration(way))
            state.clients[way] = client
            return client
        }
    }

    /// The thread of the clients.
    var group: MultiThreadedEventLoopGroup { state.withLock { $0.thread } }

    /// Ends all clients; those asked for later are made anew.
    ///
    /// The thread goes on: a client may have something left to do on it after its end, of which NIO complains on standard
    /// error where there is no thread any more.
    func shutdown() async {
        let ending = state.withLock { state in
            defer { state.clients = [:] }
            return state.clients
        }
        for client in ending.values {
            // A connection that does not close cleanly is closed all the same.
            try? await client.shutdown()
        }
    }

    deinit {
        // AsyncHTTPClient traps in debug builds when a client goes without a shutdown.
        let ending = state.withLock { $0 }
        guard let group = ending.group else { return }
        Task {
            for client in ending.clients.values { try? await client.shutdown() }
            try? await group.shutdownGracefully()
        }
    }

    private func configuration(_ way: Way) -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let authorities = way.authorities { tls.trustRoots = .file(authorities) }
        if let authorities = way.extraAuthorities { tls.additionalTrustRoots = [.file(authorities)] }

        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.redirectConfiguration = .disallow
        configuration.decompression = .disabled
        configuration.proxy = way.proxy
        configuration.dnsOverride = way.addresses
        configuration.httpVersion = .http1Only
        configuration.timeout.connect = TimeAmount(way.isOneOfSeveral ? min(deadline, Self.impatience) : deadline)
        // A refused connection is told at once instead of being tried again until the deadline.
        configuration.connectionPool.retryConnectionEstablishment = false
        // A POST that redeems a code must not meet an idle connection that the server is just closing: nobody could
        // tell whether it was processed, and nobody may repeat it.
        configuration.maximumUsesPerConnection = 1
        return configuration
    }
}
