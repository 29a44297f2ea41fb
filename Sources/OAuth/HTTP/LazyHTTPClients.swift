import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// The HTTP clients of a transport, made when they are first asked for: one for each proxy, all on one thread.
///
/// Most runs of the program send nothing, and none of them must pay for a thread and a TLS context.
final class LazyHTTPClients: Sendable {
    private struct State {
        var group: MultiThreadedEventLoopGroup?
        var clients: [HTTPClient.Configuration.Proxy?: HTTPClient] = [:]
    }

    private let state = Mutex(State())
    private let systemAuthorities: String?
    private let extraAuthorities: String?
    private let deadline: Duration

    init(systemAuthorities: String?, extraAuthorities: String?, deadline: Duration) {
        self.systemAuthorities = systemAuthorities
        self.extraAuthorities = extraAuthorities
        self.deadline = deadline
    }

    /// The client that goes through `proxy`, or directly.
    func client(through proxy: HTTPClient.Configuration.Proxy?) -> HTTPClient {
        state.withLock { state in
            if let client = state.clients[proxy] { return client }
            let group = state.group ?? MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let client = HTTPClient(
                eventLoopGroupProvider: .shared(group), configuration: configuration(through: proxy))
            state.group = group
            state.clients[proxy] = client
            return client
        }
    }

    /// Ends all clients and the thread; clients asked for later are made anew.
    func shutdown() async {
        let ending = state.withLock { state in
            defer { state = State() }
            return state
        }
        for client in ending.clients.values {
            // A connection that does not close cleanly is closed all the same.
            try? await client.shutdown()
        }
        try? await ending.group?.shutdownGracefully()
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

    private func configuration(through proxy: HTTPClient.Configuration.Proxy?) -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let systemAuthorities { tls.trustRoots = .file(systemAuthorities) }
        if let extraAuthorities { tls.additionalTrustRoots = [.file(extraAuthorities)] }

        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.redirectConfiguration = .disallow
        configuration.decompression = .disabled
        configuration.proxy = proxy
        configuration.httpVersion = .http1Only
        configuration.timeout.connect = TimeAmount(deadline)
        // A refused connection is told at once instead of being tried again until the deadline.
        configuration.connectionPool.retryConnectionEstablishment = false
        // A POST that redeems a code must not meet an idle connection that the server is just closing: nobody could
        // tell whether it was processed, and nobody may repeat it.
        configuration.maximumUsesPerConnection = 1
        return configuration
    }
}
