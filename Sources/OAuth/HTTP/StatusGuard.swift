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

    /// How long the server may pause in a refused answer: while it is incomplete, and when it may be complete.
    private static let patience = (incomplete: TimeAmount.seconds(5), complete: TimeAmount.milliseconds(500))
    /// How long a refused answer may take.
    private static let longest = TimeAmount.seconds(20)

    private func refuse(_ context: ChannelHandlerContext) {
        isBroken = true
        keeper.isRefused = true
        let (loop, last) = (context.eventLoop, NIODeadline.now() + Self.longest)
        var (isTold, timer) = (false, Scheduled<Void>?.none)
        let tell = { [keeper] in
            guard !isTold else { return }
            isTold = true
            timer?.cancel()
            context.fireErrorCaught(UnreadableAnswer(bytes: keeper.bytes))
            context.close(promise: nil)
        }
        let bound = NIOLoopBound(tell, eventLoop: loop)
        let wait = { [keeper] in
            timer?.cancel()
            let isComplete = UnreadableAnswer(bytes: keeper.bytes).looksComplete
            let pause = isComplete ? Self.patience.complete : Self.patience.incomplete
            timer = loop.scheduleTask(deadline: min(.now() + pause, last)) { bound.value() }
        }
        keeper.atEnd = tell
        keeper.onMore = wait
        wait()
        context.read()
    }
}
