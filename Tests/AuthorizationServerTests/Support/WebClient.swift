import AsyncHTTPClient
import AuthorizationServer
import NIOCore
import NIOHTTP1

/// An HTTP client that follows no redirects and stores no cookies, so that a test sees every answer.
struct WebClient {
    struct Answer {
        var status: Int
        var headers: [(name: String, value: String)]
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }

        /// The members of the JSON object in the body; empty if there is none.
        var json: [String: JSONValue] {
            JSONValue.decode(body) ?? [:]
        }

        /// The error code of the JSON object in the body.
        var error: String? { json["error"]?.text }

        subscript(header: String) -> String? {
            headers.first { $0.name.lowercased() == header.lowercased() }?.value
        }

        /// The parameters of the query of `Location`.
        var redirected: [String: String] {
            guard let query = self["location"]?.split(separator: "?", maxSplits: 1).last else { return [:] }
            let pairs = query.split(separator: "&").map { pair -> (String, String) in
                let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(halves[0]), WebClient.unescape(halves.count == 2 ? halves[1] : ""))
            }
            return Dictionary(pairs) { $1 }
        }
    }

    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout = .init(connect: .seconds(5), read: .seconds(20))
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    static func get(_ url: String, headers: [String: String] = [:]) async throws -> Answer {
        try await send("GET", url, headers: headers, body: nil)
    }

    /// Posts a form; `nil` values are left out.
    static func post(
        _ url: String, _ form: KeyValuePairs<String, String?>, headers: [String: String] = [:]
    ) async throws -> Answer {
        let pairs = form.compactMap { name, value in value.map { name + "=" + escape($0) } }
        let headers = headers.merging(["Content-Type": "application/x-www-form-urlencoded"]) { given, _ in given }
        return try await send("POST", url, headers: headers, body: pairs.joined(separator: "&"))
    }

    /// Sends a JSON object.
    static func send(
        _ method: String, _ url: String, json: [String: JSONValue], bearer: String? = nil
    ) async throws -> Answer {
        var headers = ["Content-Type": "application/json"]
        headers["Authorization"] = bearer.map { "Bearer " + $0 }
        return try await send(
            method, url, headers: headers, body: String(decoding: JSONValue.encode(json), as: UTF8.self))
    }

    static func send(
        _ method: String, _ url: String, headers: [String: String], body: String?
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url)
        request.method = HTTPMethod(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await client.execute(request, timeout: .seconds(20))
        let bytes = try await response.body.collect(upTo: 1 << 20)
        return Answer(
            status: Int(response.status.code), headers: response.headers.map { ($0.name, $0.value) },
            body: Array(bytes.readableBytesView))
    }

    static func unescape(_ text: Substring) -> String {
        let pieces = text.split(separator: "%", omittingEmptySubsequences: false)
        let decoded: [UInt8] = pieces.dropFirst().flatMap { piece -> [UInt8] in
            [UInt8(piece.prefix(2), radix: 16) ?? 0] + Array(piece.dropFirst(2).utf8)
        }
        return String(decoding: Array((pieces.first ?? "").utf8) + decoded, as: UTF8.self)
    }

    static func escape(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain = Character(Unicode.Scalar(byte)).isLetter && byte < 128 || (48...57).contains(byte)
            return isPlain ? String(Unicode.Scalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}
