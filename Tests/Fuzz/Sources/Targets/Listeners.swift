import NIOCore
import NIOEmbedded

@testable import OAuth

/// What comes over one connection to the loopback listener, as bytes: all at once, and cut in two. `$COOKIE` stands for
/// the cookie of the browser that was started.
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
            // What is no HTTP is the pipeline's to answer, and its error no failure of ours.
            _ = try? channel.writeInbound(ByteBuffer(bytes: piece))
        }
        try requireOneAnswer(try received(channel))
        let text = String(decoding: sent, as: UTF8.self)
        try require(
            !traffic.isAnswered
                || text.contains("state=right") && text.contains(login.cookie)
                    && text.contains("GET /callback?"),
            "a forged answer was taken")
        // The deadline ends it, if nothing else has.
        channel.embeddedEventLoop.advanceTime(by: .seconds(6))
        try require(!channel.isActive, "a connection that stays")
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

/// What NIO itself answers to what is no HTTP, also behind a request that has been answered.
private let refusal = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

/// One answer, of fields that are ours, and a page that is; or none.
private func requireOneAnswer(_ answers: String) throws {
    var answer = answers
    while answer.hasSuffix(refusal) { answer.removeLast(refusal.count) }
    guard !answer.isEmpty else { return }
    guard let end = answer.firstRange(of: "\r\n\r\n") else { throw Violation(description: "half an answer: \(answer)") }
    let head = answer[..<end.lowerBound].split(separator: "\r\n")
    let status = head[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    try require(head[0].hasPrefix("HTTP/1.1 ") || head[0].hasPrefix("HTTP/1.0 "), "an answer that is none: \(answer)")
    try require([200, 302, 303, 400, 404, 405, 410, 414, 431, 503].contains(status), "an answer \(status)")
    try require(head.allSatisfy { isPlain(String($0)) }, "a header field with control characters")
    try require(head.dropFirst().contains { $0.lowercased() == "connection: close" }, "not the only answer: \(answer)")
    let page = String(answer[end.upperBound...])
    let tooLong = LoopbackAnswer.page(.tooLong).page
    try require(page == tooLong || (try Login.pages.get()).contains(page), "a page that is not ours: \(page)")
}
