import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// The sockets of a login's redirect URI (RFC 8252 section 7.3): bound before the browser is opened, closed after it.
struct LoopbackServer: Sendable {
    /// The port in force.
    let port: Int

    private let group: MultiThreadedEventLoopGroup

    /// Binds the hosts of `redirect` on the first of its ports that can be had, or on a free one where it names none.
    /// Throws `listenerFailed`.
    ///
    /// - Parameter patience: how long a connection may take to say what it wants.
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

    /// Closes the sockets and every connection, and ends the thread.
    func close() async {
        try? await group.shutdownGracefully()
    }

    private static func bootstrap(
        _ group: MultiThreadedEventLoopGroup, _ traffic: LoopbackTraffic, patience: TimeAmount
    ) -> ServerBootstrap {
        let peers = LoopbackPeers.here()
        return ServerBootstrap(group: group)
            // As many as the kernel allows: other users may fill the queue in which the person's connection waits.
            .serverChannelOption(.backlog, value: 4_096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try keepFromChildren(channel) }
            }
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try keepFromChildren(channel)
                    let isStranger = peers.isStranger(channel, isAccepting: true)
                    guard traffic.admit(channel, isStranger: isStranger) else { throw try turnAway(channel) }
                    try equip(channel, traffic, patience: patience) {
                        isStranger || peers.isStranger($0, isAccepting: false)
                    }
                }
            }
    }

    /// Thrown for a connection that gets no place; NIO then closes it.
    private struct TurnedAway: Error {}

    /// Lets `channel` end with a reset: many of them leave nothing behind in the kernel's tables.
    private static func turnAway(_ channel: any Channel) throws -> TurnedAway {
        try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { descriptor in
            var atOnce = linger(l_onoff: 1, l_linger: 0)
            _ = unsafe setsockopt(
                descriptor, SOL_SOCKET, SO_LINGER, &atOnce, socklen_t(MemoryLayout.size(ofValue: atOnce)))
        }
        return TurnedAway()
    }

    /// Makes `channel` a connection of ours: HTTP within limits, and an answer.
    ///
    /// - Parameter isStranger: whether another user is the peer at the moment of the answer.
    static func equip(
        _ channel: any Channel, _ traffic: LoopbackTraffic, patience: TimeAmount,
        isStranger: @escaping (any Channel) -> Bool
    ) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        // Cookies that other programs of this host have set come along.
        limits.maxHeaderListSize = 65_536
        limits.maxHeaderFieldCount = 128
        try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withPipeliningAssistance: false, withEncoderConfiguration: .init(), withDecoderLimitConfiguration: limits)
        try channel.pipeline.syncOperations.addHandler(
            LoopbackConnection(traffic: traffic, patience: patience, isStranger: isStranger))
    }

    /// NIO's sockets survive exec: a browser that is started now would keep our port open for as long as it runs.
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

    /// - Parameter wanted: 0: one that is free.
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
                return port  // This machine has no IPv6: `localhost` can only mean the other.
            } catch {
                // Somebody else has this port on ::1, and would be sent the code.
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
