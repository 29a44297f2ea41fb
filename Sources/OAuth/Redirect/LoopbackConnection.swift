import NIOCore
import NIOHTTP1

/// One connection to the loopback listener: one request, one answer, then it is closed.
///
/// Browsers open connections early and leave them idle, and other programs may keep connections open on purpose. So
/// each connection has a time limit and a size limit for its request.
final class LoopbackConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let traffic: LoopbackTraffic
    private let patience: TimeAmount
    private let isStranger: (any Channel) -> Bool
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var isAnswered = false
    private var timeout: Scheduled<Void>?

    /// - Parameters:
    ///   - patience: the time limit for the request.
    ///   - isStranger: whether the peer is another user of this machine; called when the request is answered.
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
        // One byte more shows that it is too long.
        case .body(let part): body += part.readableBytesView.prefix(LoopbackRequest.longest + 1 - body.count)
        // The answer is sent after the end of the request: closing with unread bytes would reset the connection and
        // lose the answer. A second request on the same connection is ignored.
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
        let (answer, event) = traffic.answer(
            LoopbackRequest(head, body: body, isFromStranger: isStranger(context.channel)))

        let body = ByteBuffer(string: answer.page)
        var response = HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: answer.status))
        for (name, value) in answer.fields { response.headers.add(name: name, value: value) }
        response.headers.add(name: "Content-Length", value: "\(body.readableBytes)")

        context.write(wrapOutboundOut(.head(response)), promise: nil)
        if head.method != .HEAD { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        let (channel, traffic) = (context.channel, traffic)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            // Reported after the answer was sent, so that a close of the listener does not cut the answer off.
            if let event { traffic.report(event) }
            channel.close(promise: nil)
        }
    }
}

extension LoopbackRequest {
    init(_ head: HTTPRequestHead, body: [UInt8], isFromStranger: Bool) {
        self.init(
            method: head.method.rawValue, target: head.uri,
            fields: head.headers.map { (name: $0.name.lowercased(), value: $0.value) }, body: body,
            isFromStranger: isFromStranger)
    }
}
