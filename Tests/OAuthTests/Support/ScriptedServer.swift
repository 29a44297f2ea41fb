import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A loopback server that sends exactly the bytes that a test specifies.
final class ScriptedServer: Sendable {
    /// The reaction to a complete request.
    enum Reply: Sendable {
        /// Sends these bytes, then closes the connection.
        case bytes(String)
        /// The same for bytes that are no text.
        case data([UInt8])
        /// Closes the connection without an answer.
        case close
        /// Sends these bytes, then nothing as long as the client waits.
        case stall(String)
        /// Sends these bytes, then a TLS record that nobody can decrypt.
        case damage(after: String)
        /// Sends these bytes one by one, with a pause after each.
        case drip(String, every: Duration)

        /// A complete HTTP answer.
        static func http(
            _ status: Int, _ body: String = "", type: String = "application/json", fields: [String] = []
        ) -> Reply {
            let head = ["HTTP/1.1 \(status) X", "Content-Type: \(type)", "Content-Length: \(body.utf8.count)"] + fields
            return .bytes(head.joined(separator: "\r\n") + "\r\n\r\n" + body)
        }
    }

    let port: Int
    /// `https` if it has a certificate, otherwise `http`.
    let scheme: String
    private let log: Mutex<[String]>

    /// All requests, head and body, in the order of arrival.
    var requests: [String] { log.withLock { $0 } }

    /// The URL for a path.
    func address(_ path: String = "/") -> String { "\(scheme)://127.0.0.1:\(port)\(path)" }

    private init(port: Int, scheme: String) {
        self.port = port
        self.scheme = scheme
        log = Mutex([])
    }

    /// Runs a server while `body` runs. It answers by `script`, whose argument is the request's path.
    @discardableResult
    static func run<Value: Sendable>(
        tls: NIOSSLContext? = nil, _ script: @escaping @Sendable (String) -> Reply,
        whileRunning body: @Sendable (ScriptedServer) async throws -> Value
    ) async throws -> Value {
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        let handlers: [any ChannelHandler] = [BadRecords(), NIOSSLServerHandler(context: tls)]
                        try channel.pipeline.syncOperations.addHandlers(handlers)
                    }
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let port = channel.channel.localAddress?.port ?? 0
        let server = ScriptedServer(port: port, scheme: tls == nil ? "http" : "https")
        return try await channel.executeThenClose { connections in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    await withTaskGroup(of: Void.self) { served in
                        do {
                            for try await connection in connections {
                                served.addTask { try? await server.serve(connection, script) }
                            }
                        } catch {
                            // The listening socket was closed: the test has ended.
                        }
                        served.cancelAll()
                    }
                }
                defer { group.cancelAll() }
                return try await body(server)
            }
        }
    }

    private func serve(
        _ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>, _ script: @Sendable (String) -> Reply
    ) async throws {
        try await connection.executeThenClose { inbound, outbound in
            var iterator = inbound.makeAsyncIterator()
            var text = ""
            while !Self.isComplete(text) {
                guard let part = try await iterator.next() else { return }
                text += String(buffer: part)
            }
            log.withLock { $0.append(text) }
            switch script(String(text.split(separator: " ").dropFirst().first ?? "")) {
            case .bytes(let bytes): try await outbound.write(ByteBuffer(string: bytes))
            case .data(let bytes): try await outbound.write(ByteBuffer(bytes: bytes))
            case .close: break
            case .damage(let bytes):
                try await outbound.write(ByteBuffer(string: bytes))
                try await connection.channel.triggerUserOutboundEvent(BadRecords.Cue())
                while try await iterator.next() != nil {}
            case .drip(let bytes, let pause):
                for byte in bytes.utf8 {
                    try await outbound.write(ByteBuffer(bytes: [byte]))
                    try await Task.sleep(for: pause)
                }
            case .stall(let bytes):
                try await outbound.write(ByteBuffer(string: bytes))
                while try await iterator.next() != nil {}
            }
        }
    }

    private static func isComplete(_ text: String) -> Bool {
        // A TLS hello: an HTTP server answers at once that it is invalid.
        if text.hasPrefix("\u{16}") { return true }
        guard let end = text.firstRange(of: "\r\n\r\n") else { return false }
        let length =
            text[..<end.lowerBound].lowercased().split(separator: "\r\n")
            .first { $0.hasPrefix("content-length:") }.flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0
        return text[end.upperBound...].utf8.count >= length
    }
}

/// Writes below TLS: a record of application data (RFC 8446 section 5.2) whose content nobody has encrypted.
private final class BadRecords: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    struct Cue: Sendable {}

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is Cue else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        let record = [0x17, 0x03, 0x03, 0x00, 0x40] + [UInt8](repeating: 0xAA, count: 0x40)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: record)), promise: promise)
    }
}
