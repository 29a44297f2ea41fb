import Addresses
import FoundationEssentials
import Secrets
import TestSupport
import Testing

@testable import OAuth

// A server compresses although keyfob asks for `identity`, or only says so.
@Suite(.timeLimit(.minutes(1))) struct `A compressed body` {
    private static let text = Array(#"{"access_token":"AT","refresh_token":"RT"}"#.utf8)
    // ``text`` in the formats of RFC 1952, RFC 1950 and RFC 1951.
    private static let gzip = bytes("H4sIAAAAAAACA6tWSkxOTi0uji/Jz07NU7JScgxR0lEqSk0rSi3OgAsGhSjVAgArspP+KgAAAA==")
    private static let zlib = bytes("eJyrVkpMTk4tLo4vyc9OzVOyUnIMUdJRKkpNK0otzoALBoUo1QIAOyoORQ==")
    private static let raw = bytes("q1ZKTE5OLS6OL8nPTs1TslJyDFHSUSpKTStKLc6ACwaFKNUCAA==")

    private static func bytes(_ base64: String) -> [UInt8] { Data(base64Encoded: base64).map(Array.init) ?? [] }

    private static func decode(_ bytes: [UInt8], _ codings: [String], limit: Int = 1000) -> DecodedBody {
        DecodedBody(bytes, codings: codings, limit: limit)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var body: [UInt8]
        var codings: [String]

        init(_ name: String, _ body: [UInt8], _ codings: [String]) {
            (testDescription, self.body, self.codings) = (name, body, codings)
        }
    }

    static let whole = [
        Row("gzip", gzip, ["gzip"]), Row("x-gzip", gzip, ["x-gzip"]), Row("in upper case", gzip, ["GZIP"]),
        Row("deflate with a header", zlib, ["deflate"]), Row("deflate without a header", raw, ["deflate"]),
        Row("deflate in upper case", raw, ["Deflate"]), Row("gzip, said to be deflate", gzip, ["deflate"]),
        Row("zlib, said to be gzip", zlib, ["gzip"]), Row("gzip, said to be br", gzip, ["br"]),
        Row("gzip and identity", gzip, ["gzip", "identity"]), Row("identity and gzip", gzip, ["identity", "gzip"]),
        Row("said twice, done once", gzip, ["gzip", "gzip"]), Row("not said", gzip, []),
        Row("said to be identity", gzip, ["identity"]),
        Row("with bytes behind it", gzip + [0, 0, 0xFF], ["gzip"]),
        Row("with text behind it", zlib + text, ["deflate"]),
        Row("text, said to be gzip", text, ["gzip"]), Row("text, said to be deflate", text, ["deflate"]),
        Row("text, said to be br", text, ["br"]), Row("text, said to be UTF-8", text, ["utf-8"]),
    ]

    @Test(arguments: whole) func `counts as its text, whatever the coding is called`(_ row: Row) {
        let body = Self.decode(row.body, row.codings)
        #expect(body.bytes == Self.text && body.problem == nil)
    }

    @Test func `may have several members`() {
        let body = Self.decode(Self.gzip + Self.gzip + [0], ["gzip"])
        #expect(body.bytes == Self.text + Self.text && body.problem == nil)
    }

    @Test func `may have several codings, but not many`() {
        // gzip in zlib, made of stored blocks (RFC 1951 section 3.2.4).
        func stored(_ bytes: [UInt8]) -> [UInt8] {
            let (low, high) = (UInt8(bytes.count & 0xFF), UInt8(bytes.count >> 8))
            return [1, low, high, ~low, ~high] + bytes
        }
        let twice = Self.decode(stored(Self.gzip), ["gzip", "deflate"])
        #expect(twice.bytes == Self.text && twice.problem == nil)
        let many = (0..<6).reduce([0xFF]) { bytes, _ in stored(bytes) }
        #expect(Self.decode(many, [String](repeating: "deflate", count: 6)).bytes != [0xFF])
    }

    static let damaged = [
        Row("a wrong checksum", Array(gzip.dropLast(8)) + [UInt8](repeating: 7, count: 8), ["gzip"]),
        Row("a wrong checksum of zlib", Array(zlib.dropLast()) + [0], ["deflate"]),
        Row("no checksum", Array(gzip.dropLast(8)), ["gzip"]),
        Row("half a checksum", Array(gzip.dropLast(4)), ["gzip"]),
        Row("a second member that is cut off", gzip + gzip.prefix(10), ["gzip"]),
    ]

    @Test(arguments: damaged) func `that is damaged at its end counts, and is not whole`(_ row: Row) {
        let body = Self.decode(row.body, row.codings)
        #expect(body.bytes == Self.text && body.problem == .damaged)
    }

    @Test(arguments: 11..<47) func `that is cut off counts as far as it goes`(size: Int) {
        let body = Self.decode(Array(Self.gzip.prefix(size)), ["gzip"])
        #expect(body.problem == .damaged)
        #expect(Self.text.starts(with: body.bytes) || body.bytes == Array(Self.gzip.prefix(size)))
        #expect(size < 40 || body.bytes.count > 20)
    }

    @Test(arguments: [["br"], ["gzip"], ["deflate"], ["compress"]]) func `in no known form is not whole`(
        codings: [String]
    ) {
        let bytes: [UInt8] = [0xFF, 0x00, 0x80, 0x7B, 0x7D]
        let body = Self.decode(bytes, codings)
        #expect(body.bytes == bytes && body.problem == .damaged)
    }

    @Test func `has no more bytes than its limit`() {
        #expect(Self.decode(Self.gzip, ["gzip"], limit: Self.text.count).problem == nil)
        let body = Self.decode(Self.gzip, ["gzip"], limit: Self.text.count - 1)
        #expect(body.bytes == Array(Self.text.dropLast()) && body.problem == .tooLarge)
        let members = Self.decode(Self.gzip + Self.gzip, ["gzip"], limit: Self.text.count + 1)
        #expect(members.bytes == Self.text + Self.text.prefix(1) && members.problem == .tooLarge)
    }

    @Test(arguments: [[], ["gzip"]]) func `that is empty is whole`(codings: [String]) {
        #expect(Self.decode([], codings).problem == nil)
    }

    // The answer to a POST cannot be had again.
    @Test(arguments: damaged) func `gives its tokens although it is damaged`(_ row: Row) async throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Encoding: \(row.codings[0])\r\nContent-Length: \(row.body.count)\r\n\r\n"
        try await ScriptedServer.run({ _ in .data(Array(head.utf8) + row.body) }) { server in
            let transport = AsyncHTTPTransport(settings: { _ in NetworkSettings(environment: [:]) })
            let endpoint = TokenEndpoint(
                url: try EndpointURL(server.address()), client: Client(id: "c"), transport: transport)
            let refreshed = try await endpoint.refresh(Secret("old"), resource: nil)
            await transport.shutdown()
            #expect(refreshed.refreshToken == Secret("RT"))
            #expect(try refreshed.response.get().accessToken == Secret("AT"))
        }
    }
}
