import Addresses
import NIOCore
import NIOHTTP1
import Secrets

/// An answer that the parser refuses, as it came. A token in it cannot be had again.
struct UnreadableAnswer: Error {
    /// Header and body.
    let bytes: [UInt8]

    /// The answer, as far as it can be read; nil if it cannot be used. It is whole if it has a status and a JSON object. A part
    /// counts only if the answer cannot be had again. Without a status the body decides, and if it says nothing, `error`.
    func response(to request: HTTPRequest, _ error: OAuthError) -> HTTPResponse? {
        guard let body, !body.isEmpty else { return nil }
        let decoded = DecodedBody(body, codings: [], limit: request.responseLimit)
        var response = HTTPResponse(status: status ?? 200, fields: [], body: Secret(decoded.bytes))
        let isObject = decoded.problem == nil && (try? JSONObject(tolerantly: decoded.bytes)) != nil
        if status == nil || !isObject { response.fault = error }
        return response.fault == nil || request.keepsPart ? response : nil
    }

    /// The body: what follows the first empty line, without the framing of chunks. Of an answer without a header (HTTP/0.9),
    /// the object with which it begins. nil if there is none.
    var body: [UInt8]? {
        if let first = bytes.firstIndex(where: { (0x21...0x7E).contains($0) }), bytes[first] == UInt8(ascii: "{") {
            return Array(bytes[first...])
        }
        let ends = [[13, 10, 13, 10], [10, 10], [10, 13, 10], [13, 13]] as [[UInt8]]
        let places = ends.compactMap { bytes.place(of: $0) }
        guard let end = places.min(by: { $0.lowerBound < $1.lowerBound }) else { return nil }
        let fields = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).asciiLowercased.utf8.split {
            $0 == 10 || $0 == 13
        }.map { Substring($0) }
        let isInChunks = fields.contains { $0.begins(with: "transfer-encoding") && $0.holds(text: "chunked") }
        let rest = Array(bytes[end.upperBound...])
        // Another answer on the connection is none to this request.
        let next = ["HTTP/1.0 ", "HTTP/1.1 "].compactMap { rest.place(of: Array($0.utf8))?.lowerBound }.min()
        let body = Array(rest[..<(next ?? rest.endIndex)])
        return isInChunks ? Self.withoutChunks(body) ?? body : body
    }

    /// The status in the first line, whatever the words before it; nil if it has none.
    var status: Int? {
        let line = bytes.drop { $0 <= 0x20 }.prefix { $0 != 10 && $0 != 13 }
        guard let first = line.first, ASCII.isLetter(first) else { return nil }
        let words = line.split { $0 == 0x20 || $0 == 0x09 }.dropFirst().prefix(2)
        return words.lazy.filter { $0.count == 3 && $0.allSatisfy(ASCII.isDigit) }
            .compactMap { Int(String(decoding: $0, as: UTF8.self)) }.first { (100...599).contains($0) }
    }

    /// Whether it may be complete: it ends like an object, or like the last chunk.
    var looksComplete: Bool {
        let end = bytes.suffix(8).filter { $0 > 0x20 }
        return end.last == UInt8(ascii: "}") || bytes.suffix(5).elementsEqual("0\r\n\r\n".utf8)
    }

    /// The content of the chunks (RFC 9112 section 7.1), as far as they go; nil if there is none.
    private static func withoutChunks(_ body: [UInt8]) -> [UInt8]? {
        var (content, rest) = ([UInt8](), body[...])
        while let line = rest.firstIndex(of: 10) {
            let digits = rest[..<line].prefix { ASCII.isHexadecimal($0) }
            guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size > 0 else { break }
            rest = rest[(line + 1)...]
            content += rest.prefix(size)
            rest = rest.dropFirst(size).drop { $0 == 13 || $0 == 10 }
        }
        return content.isEmpty ? nil : content
    }
}

/// Keeps the bytes of a connection's one answer until the parser has accepted or refused it, and ends the connection if there
/// are too many: the parser reads a header, a chunk's size or interim answers without an end.
final class AnswerKeeper: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private(set) var bytes: [UInt8] = []
    private var total = 0
    /// Whether the parser has refused the answer. Then the rest of it is read, too.
    var isRefused = false
    /// Called if more of a refused answer has come.
    var onMore: (() -> Void)?
    /// Called when no more will come.
    var atEnd: (() -> Void)?

    /// The largest answer that is kept: that of a token endpoint.
    private static let most = 1_048_576

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        total += buffer.readableBytes
        bytes += buffer.readableBytesView.prefix(Self.most - bytes.count)
        if isRefused {
            if bytes.count == Self.most { atEnd?() } else { onMore?() }
        } else if total > 2 * Self.most {
            context.fireErrorCaught(NIOTooManyBytesError(maxBytes: 2 * Self.most))
            context.close(promise: nil)
        } else {
            context.fireChannelRead(data)
        }
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
