import NIOCore
import NIOHTTP1

/// Stands between the parser and the client.
///
/// - Ends the connection if the status of an answer is below 100. AsyncHTTPClient would end the process: for such a status
///   it waits for another answer, as after 100, but the parser does not.
/// - Replaces the error of the parser by the answer as it came (``UnreadableAnswer``).
final class StatusGuard: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = HTTPClientResponsePart

    private let keeper: AnswerKeeper
    private var isBroken = false

    private init(_ keeper: AnswerKeeper) { self.keeper = keeper }

    /// Puts itself between the parser and the client of a new connection.
    static func install(on channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.submit {
            let pipeline = channel.pipeline.syncOperations
            let parser = try pipeline.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self)
            let keeper = AnswerKeeper()
            try pipeline.addHandler(keeper, position: .before(parser))
            try pipeline.addHandler(StatusGuard(keeper), position: .after(parser))
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isBroken else { return }
        if case .head(let head) = unwrapInboundIn(data), head.status.code < 100 { return refuse(context) }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError, error != .invalidEOFState else {
            return context.fireErrorCaught(error)
        }
        if !isBroken { refuse(context) }
    }

    /// How long the rest of a refused answer may take.
    private static let patience = TimeAmount.milliseconds(500)

    private func refuse(_ context: ChannelHandlerContext) {
        isBroken = true
        keeper.isRefused = true
        var isTold = false
        let tell = { [keeper] in
            guard !isTold else { return }
            isTold = true
            context.fireErrorCaught(UnreadableAnswer(bytes: keeper.bytes))
            context.close(promise: nil)
        }
        keeper.atEnd = tell
        let bound = NIOLoopBound(tell, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.patience) { bound.value() }
        context.read()
    }
}
