import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// The sockets of a login's redirect URI (RFC 8252 section 7.3): bound before the browser opens, closed after the
/// login.
struct LoopbackServer: Sendable {
    /// The actual port.
    let port: Int

    private let group: MultiThreadedEventLoopGroup

    /// Binds the hosts of `redirect` on the first of its ports that is free, or on any free port if it names none.
    ///
    /// - Parameter patience: the time limit for a request on a connection.
    /// - Throws: `listenerFailed`.
    static func open(
        _ redirect: RedirectTemplate, _ traffic: LoopbackTraffic = LoopbackTraffic(),
        patience: Duration = .seconds(5)
    ) async throws(OAuthError) -> LoopbackServer {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let bootstrap = bootstrap(group, traffic, patience: TimeAmount(patience))
        do {
            return LoopbackServer(port: try await bind(bootstrap, redirect), group: group)
        } catch {
            try? await group.shutdownGracefully()
            throw .listenerFailed(reason: reason(error))
        }
    }

    /// Closes the sockets and all connections, and ends the thread.
    func close() async {
        try? await group.shutdownGracefully()
    }

    private static func bootstrap(
        _ group: MultiThreadedEventLoopGroup, _ traffic: LoopbackTraffic, patience: TimeAmount
    ) -> ServerBootstrap {
        let peers = LoopbackPeers.here()
        return ServerBootstrap(group: group)
            // As many as the kernel allows: other users may fill the queue in which our user's connection waits.
            .serverChannelOption(.backlog, value: 4_096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try keepFromChildren(channel) }
            }
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try keepFromChildren(channel)
                    let isStranger = peers.isStranger(channel, isAccepting: true)
                    guard traffic.admit(channel, isStranger: isStranger) else { throw try refuse(channel) }
                    try equip(channel, traffic, patience: patience) {
                        isStranger || peers.isStranger($0, isAccepting: false)
                    }
                }
            }
    }

    /// Thrown for a connection that gets no place. NIO then closes it.
    private struct ConnectionRefused: Error {}

    /// Makes `channel` end with a reset, so that many refused connections leave nothing in the kernel's tables.
    private static func refuse(_ channel: any Channel) throws -> ConnectionRefused {
        try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { descriptor in
            var atOnce = linger(l_onoff: 1, l_linger: 0)
            _ = unsafe setsockopt(
                descriptor, SOL_SOCKET, SO_LINGER, &atOnce, socklen_t(MemoryLayout.size(ofValue: atOnce)))
        }
        return ConnectionRefused()
    }

    /// Sets up HTTP with limits, and the answers, on `channel`.
    ///
    /// - Parameter isStranger: whether the peer is another user; called when the request is answered.
    static func equip(
        _ channel: any Channel, _ traffic: LoopbackTraffic, patience: TimeAmount,
        isStranger: @escaping (any Channel) -> Bool
    ) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        // The browser also sends cookies that other programs on this host have set.
        limits.maxHeaderListSize = 65_536
        limits.maxHeaderFieldCount = 128
        try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withPipeliningAssistance: false, withEncoderConfiguration: .init(), withDecoderLimitConfiguration: limits)
        try channel.pipeline.syncOperations.addHandler(
            LoopbackConnection(traffic: traffic, patience: patience, isStranger: isStranger))
    }

    /// NIO's sockets survive exec: without this, a browser that starts now would keep our port open as long as it runs.
    private static func keepFromChildren(_ channel: any Channel) throws {
        try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { descriptor in
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
    }

    private static func bind(_ bootstrap: ServerBootstrap, _ redirect: RedirectTemplate) async throws -> Int {
        let wanted = redirect.ports.isEmpty ? [0] : redirect.ports
        for port in wanted.dropLast() {
            if let bound = try? await bind(bootstrap, redirect.host, port) { return bound }
        }
        return try await bind(bootstrap, redirect.host, wanted.last ?? 0)
    }

    /// - Parameter wanted: the port; 0 for any free port.
    private static func bind(_ bootstrap: ServerBootstrap, _ host: String, _ wanted: Int) async throws -> Int {
        guard host == "localhost" else {
            let address = host == "[::1]" ? "::1" : host
            return try port(of: try await bootstrap.bind(host: address, port: wanted).get())
        }
        var attemptsLeft = wanted == 0 ? 10 : 1
        while true {
            attemptsLeft -= 1
            let first = try await bootstrap.bind(host: "127.0.0.1", port: wanted).get()
            let port = try port(of: first)
            do {
                _ = try await bootstrap.bind(host: "::1", port: port).get()
                return port
            } catch let error as IOError where [EADDRNOTAVAIL, EAFNOSUPPORT].contains(error.errnoCode) {
                return port  // This machine has no IPv6: `localhost` is only the IPv4 address.
            } catch {
                // Another program has this port on ::1 and would receive the code.
                try await first.close()
                guard attemptsLeft > 0, (error as? IOError)?.errnoCode == EADDRINUSE else { throw error }
            }
        }
    }

    private static func port(of channel: any Channel) throws -> Int {
        guard let port = channel.localAddress?.port else { throw ChannelError.unknownLocalAddress }
        return port
    }

    private static func reason(_ error: any Error) -> String {
        guard let code = (error as? IOError)?.errnoCode else { return "no socket" }
        return unsafe strerror(code).map { unsafe String(cString: $0).lowercased() } ?? "error \(code)"
    }
}
