import NIOCore
import NIOHTTP1

/// One connection to the loopback listener: one request, one answer, closed.
///
/// Browsers open connections ahead of need and leave them idle; other programs may hold some open on purpose. Each has
/// a time to say what it wants, and a limit to how much.
final class LoopbackConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// Longest request target, in bytes; codes of large providers reach 2 KiB.
    static let targetLimit = 8_192

    private let traffic: LoopbackTraffic
    private let patience: TimeAmount
    private let isStranger: (any Channel) -> Bool
    private var head: HTTPRequestHead?
    private var isAnswered = false
    private var timeout: Scheduled<Void>?

    /// - Parameters:
    ///   - patience: how long the peer may take to send its request.
    ///   - isStranger: whether another user of this machine is the peer; asked when the request is answered.
    init(traffic: LoopbackTraffic, patience: TimeAmount, isStranger: @escaping (any Channel) -> Bool) {
        self.traffic = traffic
        self.patience = patience
        self.isStranger = isStranger
    }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        timeout = context.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timeout?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = self.head ?? head
        case .body: break
        // Answered once the request has ended: closing on unread bytes would reset the connection and lose the answer.
        // A second request behind the first has nobody who listens.
        case .end where !isAnswered:
            isAnswered = true
            answer(context)
        case .end: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func answer(_ context: ChannelHandlerContext) {
        guard let head else { return }
        let (answer, event) =
            head.uri.utf8.count > Self.targetLimit
            ? (LoopbackAnswer.page(.tooLong), nil)
            : traffic.answer(LoopbackRequest(head, isFromStranger: isStranger(context.channel)))

        let body = ByteBuffer(string: answer.page)
        var response = HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: answer.status))
        for (name, value) in answer.fields { response.headers.add(name: name, value: value) }
        response.headers.add(name: "Content-Length", value: "\(body.readableBytes)")

        context.write(wrapOutboundOut(.head(response)), promise: nil)
        if head.method != .HEAD { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        let (channel, traffic) = (context.channel, traffic)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            // Told after the answer has left, so that whoever closes the listener does not cut it off.
            if let event { traffic.tell(event) }
            channel.close(promise: nil)
        }
    }
}

extension LoopbackRequest {
    init(_ head: HTTPRequestHead, isFromStranger: Bool) {
        self.init(
            method: head.method.rawValue, target: head.uri,
            fields: head.headers.map { (name: $0.name.lowercased(), value: $0.value) }, isFromStranger: isFromStranger)
    }
}
