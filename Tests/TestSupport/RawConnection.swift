package import NIOCore
import NIOPosix

/// Sends raw bytes over a socket, also bytes that no HTTP library would send.
package enum RawConnection {
    /// The answer to a raw request, read until the other side closes.
    package struct Answer: Sendable {
        package var status: Int
        /// Names in lower case.
        package var fields: [String: String]
        package var body: String

        package init(_ text: String) {
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

    /// Sends `text` and reads the answer to its end. An empty answer has the status 0.
    package static func ask(_ text: String, host: String = "127.0.0.1", port: Int) async throws -> Answer {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            // The other side may close before it has read everything.
            try? await outbound.write(ByteBuffer(string: text))
            var received = ByteBuffer()
            do {
                for try await part in inbound { received.writeImmutableBuffer(part) }
            } catch is IOError {
                // A reset after the answer counts as its end.
            }
            return Answer(String(buffer: received))
        }
    }

    /// A GET with the fields of a browser's navigation.
    package static func get(
        _ path: String, method: String = "GET", host: String? = nil, port: Int, cookie: String? = nil
    ) async throws -> Answer {
        var text = "\(method) \(path) HTTP/1.1\r\nHost: \(host ?? "127.0.0.1:\(port)")\r\n"
        if let cookie { text += "Cookie: \(cookie)\r\n" }
        return try await ask(text + "\r\n", port: port)
    }

    /// Opens a connection, sends `text`, and does not wait for an answer.
    package static func open(saying text: String = "", port: Int) async throws -> any Channel {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port).get()
        // On a slow machine, the other side has closed already.
        if !text.isEmpty { try? await channel.writeAndFlush(ByteBuffer(string: text)) }
        return channel
    }

    /// Whether a program listens on the port.
    package static func isOpen(port: Int) async -> Bool {
        guard let channel = try? await open(port: port) else { return false }
        try? await channel.close()
        return true
    }

    /// Whether nothing listens on the port within a second. (A child process that another test starts may hold the socket
    /// until its exec.)
    package static func isClosed(port: Int) async -> Bool {
        let end = ContinuousClock.now + .seconds(1)
        while await isOpen(port: port) {
            if ContinuousClock.now > end { return false }
        }
        return true
    }
}
