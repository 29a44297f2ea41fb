import NIOCore
import NIOHTTP1

/// An answer that the parser refuses, as it came. A token in it cannot be had again.
struct UnreadableAnswer: Error {
    /// Header and body.
    let bytes: [UInt8]

    /// The body: what follows the first empty line; nil if there is none.
    var body: [UInt8]? {
        for end in [[13, 10, 13, 10], [10, 10]] as [[UInt8]] {
            if let found = bytes.firstRange(of: end) { return Array(bytes[found.upperBound...]) }
        }
        return nil
    }

    /// The status in the first line; nil if it has none.
    var status: Int? {
        let words = bytes.prefix { $0 != 10 && $0 != 13 }.split(separator: UInt8(ascii: " "))
        guard words.count > 1, words[0].starts(with: "HTTP/".utf8) else { return nil }
        return Int(String(decoding: words[1], as: UTF8.self)).flatMap { (100...599).contains($0) ? $0 : nil }
    }
}

/// Keeps the bytes of a connection's one answer until the parser has accepted or refused it.
final class AnswerKeeper: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private(set) var bytes: [UInt8] = []
    /// Whether the parser has refused the answer. Then the rest of it is read, too.
    var isRefused = false
    /// Called when no more will come.
    var atEnd: (() -> Void)?

    /// The largest answer that is kept: that of a token endpoint.
    private static let most = 1_048_576

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        bytes += buffer.readableBytesView.prefix(Self.most - bytes.count)
        guard isRefused else { return context.fireChannelRead(data) }
        if bytes.count == Self.most { atEnd?() }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if isRefused { context.read() }
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        atEnd?()
        context.fireChannelInactive()
    }
}
