import NIOCore
import NIOPosix

/// Sends raw bytes over a socket, which HTTP libraries would not send.
enum RawConnection {
    /// The answer to a raw request, read until the peer closes the connection.
    struct Answer {
        var status: Int
        /// Names in lower case.
        var fields: [String: String]
        var body: String

        init(_ text: String) {
            let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
            let lines = (parts.first ?? "").split(separator: "\r\n")
            status = Int(lines.first?.split(separator: " ").dropFirst().first ?? "") ?? 0
            body = parts.count > 1 ? String(parts[1]) : ""
            let pairs = lines.dropFirst().map { $0.split(separator: ":", maxSplits: 1) }
            fields = Dictionary(
                pairs.compactMap { pair in
                    guard pair.count == 2 else { return nil }
                    return (pair[0].lowercased(), String(pair[1].drop { $0 == " " }))
                }, uniquingKeysWith: { first, _ in first })
        }
    }

    /// Sends `text` and reads everything until the end. An empty answer has status 0.
    static func ask(_ text: String, host: String = "127.0.0.1", port: Int) async throws -> Answer {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: text))
            var received = ByteBuffer()
            do {
                for try await part in inbound { received.writeImmutableBuffer(part) }
            } catch is IOError {
                // A reset after the answer also ends the connection.
            }
            return Answer(String(buffer: received))
        }
    }

    /// A GET with the header fields of a browser's navigation.
    static func get(
        _ path: String, method: String = "GET", host: String? = nil, port: Int, cookie: String? = nil
    ) async throws -> Answer {
        var text = "\(method) \(path) HTTP/1.1\r\nHost: \(host ?? "127.0.0.1:\(port)")\r\n"
        if let cookie { text += "Cookie: \(cookie)\r\n" }
        return try await ask(text + "\r\n", port: port)
    }

    /// Opens a connection and sends nothing, or `text`, without waiting for an answer.
    static func open(saying text: String = "", port: Int) async throws -> any Channel {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port).get()
        if !text.isEmpty { try await channel.writeAndFlush(ByteBuffer(string: text)) }
        return channel
    }

    /// Whether a listener is there.
    static func isOpen(port: Int) async -> Bool {
        guard let channel = try? await open(port: port) else { return false }
        try? await channel.close()
        return true
    }

    /// Whether the listener is gone within a second. A child process that another test starts may hold the socket until
    /// its exec.
    static func isClosed(port: Int) async -> Bool {
        let end = ContinuousClock.now + .seconds(1)
        while await isOpen(port: port) {
            if ContinuousClock.now > end { return false }
        }
        return true
    }
}
