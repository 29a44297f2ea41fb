import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// Between Hummingbird and the endpoints: reads a request whole, answers it, keeps the log.
final class ServerService: Sendable {
    let state: Mutex<ServerState>

    /// The longest body that is read, in bytes; a token request is a few hundred.
    static let maxBody = 65_536

    init(_ configuration: AuthorizationServerConfiguration) {
        state = Mutex(ServerState(configuration: configuration, origin: ""))
    }

    /// Answers one request; never throws, since whatever is wrong with it is the client's to hear.
    func respond(to request: Request) async -> Response {
        guard let incoming = await read(request) else {
            return Self.response(.error("invalid_request", "the request is too long, or not a form"))
        }
        let interceptor = state.withLock { $0.interceptor }
        let scripted = interceptor?(incoming.method, incoming.path)
        let reply = state.withLock { state in
            let reply =
                scripted.map { Reply(status: $0.status, headers: $0.headers, body: $0.body) }
                ?? state.reply(to: incoming)
            state.log.append(LoggedRequest(incoming, reply))
            return reply
        }
        return Self.response(reply)
    }

    private func read(_ request: Request) async -> IncomingRequest? {
        guard let body = try? await request.body.collect(upTo: Self.maxBody),
            let query = Parameters(encoded: request.uri.query ?? "")
        else { return nil }
        // Registration alone speaks JSON; elsewhere a body that is no form is a mistake.
        let isJSON = Self.mediaType(request) == "application/json" && request.uri.path.contains("/register")
        guard let form = isJSON ? Parameters() : Self.form(request, body) else { return nil }
        return IncomingRequest(
            method: request.method.rawValue, path: request.uri.path, query: query, form: form,
            json: isJSON ? JSONValue.decode(body.readableBytesView) : nil,
            accept: request.headers[.accept], authorization: request.headers[.authorization],
            cookies: IncomingRequest.cookies(in: request.headers[.cookie] ?? ""))
    }

    /// The body as a form; nil where it is something else.
    private static func form(_ request: Request, _ body: ByteBuffer) -> Parameters? {
        guard request.method == .post, body.readableBytes > 0 else { return Parameters() }
        guard mediaType(request) == "application/x-www-form-urlencoded" else { return nil }
        return Parameters(encoded: String(decoding: body.readableBytesView, as: UTF8.self))
    }

    private static func mediaType(_ request: Request) -> String? {
        request.headers[.contentType]?.split(separator: ";").first?.lowercased()
    }

    private static func response(_ reply: Reply) -> Response {
        var headers = HTTPFields()
        for (name, value) in reply.headers {
            guard let name = HTTPField.Name(name) else { continue }
            headers.append(HTTPField(name: name, value: value))
        }
        return Response(
            status: .init(code: reply.status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: reply.body)))
    }
}
