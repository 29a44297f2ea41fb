import NIOCore
import NIOPosix
import Synchronization

/// A loopback proxy with tunnels (RFC 9110 section 9.3.6). Every requested host leads to one port.
final class TunnelProxy: Sendable {
    let port: Int
    private let heads = Mutex<[String]>([])

    /// The head of each request, in the order of arrival.
    var requests: [String] { heads.withLock { $0 } }

    private init(port: Int) { self.port = port }

    /// Runs a proxy while `body` runs. `target` is a port of 127.0.0.1.
    static func run(
        to target: Int, whileRunning body: @Sendable (TunnelProxy) async throws -> Void
    ) async throws {
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0) { Self.wrap($0) }
        let proxy = TunnelProxy(port: channel.channel.localAddress?.port ?? 0)
        try await channel.executeThenClose { connections in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    await withTaskGroup(of: Void.self) { served in
                        do {
                            for try await connection in connections {
                                served.addTask { try? await proxy.serve(connection, target) }
                            }
                        } catch {
                            // The listening socket was closed: the test has ended.
                        }
                        served.cancelAll()
                    }
                }
                defer { group.cancelAll() }
                try await body(proxy)
            }
        }
    }

    private static func wrap(_ channel: any Channel) -> EventLoopFuture<NIOAsyncChannel<ByteBuffer, ByteBuffer>> {
        channel.eventLoop.makeCompletedFuture {
            try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
    }

    private func serve(_ client: NIOAsyncChannel<ByteBuffer, ByteBuffer>, _ target: Int) async throws {
        let server = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: target) { Self.wrap($0) }
        try await server.executeThenClose { answers, toServer in
            try await client.executeThenClose { requests, toClient in
                var iterator = requests.makeAsyncIterator()
                var head = ""
                while !head.hasSuffix("\r\n\r\n") {
                    guard let part = try await iterator.next() else { return }
                    head += String(buffer: part)
                }
                heads.withLock { $0.append(head) }
                try await toClient.write(ByteBuffer(string: "HTTP/1.1 200 X\r\n\r\n"))
                await withTaskGroup(of: Void.self) { group in
                    group.addTask {
                        do { for try await part in answers { try await toClient.write(part) } } catch {}
                        toClient.finish()
                    }
                    while let part = try? await iterator.next() { try? await toServer.write(part) }
                    toServer.finish()
                    await group.waitForAll()
                }
            }
        }
    }
}
