import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// The HTTP clients of a transport, created on first use: one for each ``Way``, all on one thread.
///
/// Most runs of the program send nothing, and must not pay for a thread and a TLS context.
final class LazyHTTPClients: Sendable {
    /// The settings in which clients differ.
    struct Way: Hashable {
        /// The host that the server's certificate must be for; nil for a URL without TLS.
        var certified: String?
        /// nil for a direct connection.
        var proxy: HTTPClient.Configuration.Proxy?
        /// As in ``NetworkSettings``, like `extraAuthorities`.
        var authorities: String?
        var extraAuthorities: String?
        /// The address to connect to for a host; empty if any address will do.
        var addresses: [String: String] = [:]
        /// Whether there is another way to try. Then this one gets a short connection timeout, not the whole deadline.
        var isOneOfSeveral = false
    }

    /// The thread for all clients of the process, started on first use.
    ///
    /// It never ends. A client whose request failed may still be reading the system's authorities for it. If the thread
    /// had ended by then, NIO would print a warning on standard error, and might in future end the process.
    static let thread = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// The connection timeout if there is another address to try.
    private static let impatience = Duration.seconds(3)

    private let clients = Mutex<[Way: HTTPClient]>([:])
    private let deadline: Duration

    init(deadline: Duration) {
        self.deadline = deadline
    }

    /// Returns the client for this way.
    func client(_ way: Way) -> HTTPClient {
        clients.withLock { clients in
            if let client = clients[way] { return client }
            let client = HTTPClient(eventLoopGroupProvider: .shared(Self.thread), configuration: configuration(way))
            clients[way] = client
            return client
        }
    }

    /// Shuts down all clients. Later requests create new ones.
    func shutdown() async {
        let ending = clients.withLock { clients in
            defer { clients = [:] }
            return clients
        }
        for client in ending.values {
            // A connection that does not close cleanly is closed anyway.
            try? await client.shutdown()
        }
    }

    deinit {
        // In debug builds, AsyncHTTPClient traps if a client is released without a shutdown.
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
        configuration.proxy = way.proxy
        configuration.dnsOverride = way.addresses
        configuration.httpVersion = .http1Only
        // The client calls it after the handshake, and sends nothing before it has succeeded.
        configuration.http1_1ConnectionDebugInitializer = { [host = way.certified] channel in
            let guarded = StatusGuard.install(on: channel)
            guard let host else { return guarded }
            return guarded.flatMap { CertificateNames.check(channel, for: host) }
        }
        configuration.timeout.connect = TimeAmount(way.isOneOfSeveral ? min(deadline, Self.impatience) : deadline)
        // Report a refused connection at once; otherwise the client would retry until the deadline.
        configuration.connectionPool.retryConnectionEstablishment = false
        // A POST that redeems a code must not use an idle connection that the server is just closing. It would be
        // unknown whether the server processed the POST, and it must not be repeated.
        configuration.maximumUsesPerConnection = 1
        return configuration
    }
}
