import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// The layer between Hummingbird and the endpoints: it reads a complete request, answers it, and keeps the log.
final class ServerService: Sendable {
    let state: Mutex<ServerState>

    /// The largest body that is read, in bytes; a token request has a few hundred.
    static let maxBody = 65_536

    init(_ configuration: AuthorizationServerConfiguration) {
        state = Mutex(ServerState(configuration: configuration, origin: ""))
    }

    /// The certificate of the next handshake; nil for the first one.
    var certificate: ServerCertificate? { state.withLock { $0.configuration.certificate } }

    /// Answers one request. It never throws: every problem with the request is reported to the client.
    func respond(to request: Request, on connection: any Channel) async -> Response {
        guard let incoming = await read(request) else {
            return Self.response(.error("invalid_request", "the request is too long, or not a form"))
        }
        let interceptor = state.withLock { $0.interceptor }
        guard let scripted = interceptor?(incoming.method, incoming.path) else {
            return Self.response(state.withLock { $0.loggedReply(to: incoming) })
        }
        state.withLock { state in
            guard !scripted.isInsteadOfAnswer else { return _ = state.loggedReply(to: incoming) }
            state.log.append(LoggedRequest(incoming, Reply(scripted)))
        }
        await scripted.delay?()
        if scripted.delivery == .none { try? await connection.close() }
        return scripted.response
    }

    private func read(_ request: Request) async -> IncomingRequest? {
        guard let body = try? await request.body.collect(upTo: Self.maxBody),
            let query = Parameters(encoded: request.uri.query ?? "")
        else { return nil }
        // Only registration accepts JSON; elsewhere a body that is not a form is an error.
        let isJSON = Self.mediaType(request) == "application/json" && request.uri.path.contains("/register")
        guard let form = isJSON ? Parameters() : Self.form(request, body) else { return nil }
        return IncomingRequest(
            method: request.method.rawValue, path: request.uri.path, query: query, form: form,
            json: isJSON ? JSONValue.decode(body.readableBytesView) : nil,
            authorization: request.headers[.authorization],
            cookies: IncomingRequest.cookies(in: request.headers[.cookie] ?? ""))
    }

    /// The body as a form, or nil if it is something else.
    private static func form(_ request: Request, _ body: ByteBuffer) -> Parameters? {
        guard request.method == .post, body.readableBytes > 0 else { return Parameters() }
        guard mediaType(request) == "application/x-www-form-urlencoded" else { return nil }
        return Parameters(encoded: String(decoding: body.readableBytesView, as: UTF8.self))
    }

    private static func mediaType(_ request: Request) -> String? {
        request.headers[.contentType]?.split(separator: ";").first?.lowercased()
    }

    private static func response(_ reply: Reply) -> Response {
        Response(
            status: .init(code: reply.status), headers: HTTPFields(reply.headers),
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: reply.body)))
    }
}
