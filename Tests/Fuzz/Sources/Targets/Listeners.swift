import NIOCore
import NIOEmbedded

@testable import OAuth

/// Sends bytes over one connection to the loopback listener: all at once, and in two parts. `$COOKIE` stands for the
/// cookie of the browser that keyfob has opened.
func fuzzListener(_ bytes: [UInt8]) throws {
    for pieces in [1, 2] {
        let login = try Login()
        let sent = filled(bytes, login)
        let traffic = LoopbackTraffic()
        traffic.begin(login.gate)
        let channel = EmbeddedChannel()
        try LoopbackServer.equip(channel, traffic, patience: .seconds(5)) { _ in false }
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 4321)).wait()
        for piece in [sent.prefix(sent.count / pieces), sent.dropFirst(sent.count / pieces)] where channel.isActive {
            // The channel pipeline answers input that is not HTTP. Its error is not a failure of keyfob.
            _ = try? channel.writeInbound(ByteBuffer(bytes: piece))
        }
        try requireOneAnswer(try received(channel))
        let text = String(decoding: sent, as: UTF8.self)
        try require(
            !traffic.isAnswered
                || text.contains("state=right") && text.contains(login.cookie)
                    && (text.contains("/callback?") || text.contains("/callback/?")),
            "a forged answer was accepted")
        // The deadline closes a connection that is still open.
        channel.embeddedEventLoop.advanceTime(by: .seconds(6))
        try require(!channel.isActive, "a connection that stays open")
        _ = try? channel.finish()
        traffic.finish()
    }
}

private func filled(_ bytes: [UInt8], _ login: Login) -> [UInt8] {
    let name = Array("$COOKIE".utf8)
    guard let place = bytes.firstRange(of: name) else { return bytes }
    return Array(bytes[..<place.lowerBound]) + Array(login.cookie.utf8) + Array(bytes[place.upperBound...])
}

private func received(_ channel: EmbeddedChannel) throws -> String {
    var bytes: [UInt8] = []
    while let buffer = try channel.readOutbound(as: ByteBuffer.self) { bytes += Array(buffer.readableBytesView) }
    return String(decoding: bytes, as: UTF8.self)
}

/// NIO's own answer to input that is not HTTP. It may follow the answer to a valid request.
private let refusal = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

/// Checks that the output is empty, or one answer with fields and a page of keyfob.
private func requireOneAnswer(_ answers: String) throws {
    var answer = answers
    while answer.hasSuffix(refusal) { answer.removeLast(refusal.count) }
    guard !answer.isEmpty else { return }
    guard let end = answer.firstRange(of: "\r\n\r\n") else {
        throw Violation(description: "an incomplete answer: \(answer)")
    }
    let head = answer[..<end.lowerBound].split(separator: "\r\n")
    let status = head[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    try require(
        head[0].hasPrefix("HTTP/1.1 ") || head[0].hasPrefix("HTTP/1.0 "), "an answer that is not HTTP: \(answer)")
    try require([200, 302, 303, 400, 404, 405, 410, 414, 431, 503].contains(status), "an unexpected status \(status)")
    try require(head.allSatisfy { isPlain(String($0)) }, "a header field with control characters")
    try require(head.dropFirst().contains { $0.lowercased() == "connection: close" }, "not the only answer: \(answer)")
    let page = String(answer[end.upperBound...])
    let tooLong = LoopbackAnswer.page(.tooLong).page
    try require(page == tooLong || (try Login.pages.get()).contains(page), "an unknown page: \(page)")
}
