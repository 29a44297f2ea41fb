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

    /// The one thread of all clients of the process, started when it is first needed.
    ///
    /// It never ends: a client whose request failed may still be reading the system's authorities for it, and NIO says on
    /// standard error, and may one day end the process, where there is no thread then that could be told.
    static let thread = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// The longest wait for a connection where there is another address to try.
    private static let impatience = Duration.seconds(3)

    private let clients = Mutex<[Way: HTTPClient]>([:])
    private let deadline: Duration

    init(deadline: Duration) {
        self.deadline = deadline
    }

    /// The client that goes this way.
    func client(_ way: Way) -> HTTPClient {
        clients.withLock { clients in
            if let client = clients[way] { return client }
            let client = HTTPClient(eventLoopGroupProvider: .shared(Self.thread), configuration: configuration(way))
            clients[way] = client
            return client
        }
    }

    /// Ends all clients; those asked for later are made anew.
    func shutdown() async {
        let ending = clients.withLock { clients in
            defer { clients = [:] }
            return clients
        }
        for client in ending.values {
            // A connection that does not close cleanly is closed all the same.
            try? await client.shutdown()
        }
    }

    deinit {
        // AsyncHTTPClient traps in debug builds when a client goes without a shutdown.
        let ending = clients.withLock { $0 }
        Task {
            for client in ending.values { try? await client.shutdown() }
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
