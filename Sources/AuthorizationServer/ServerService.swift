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

    /// What the next handshake shows; nil for what was shown at first.
    var certificate: ServerCertificate? { state.withLock { $0.configuration.certificate } }

    /// Answers one request; never throws, since whatever is wrong with it is the client's to hear.
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
        Response(
            status: .init(code: reply.status), headers: HTTPFields(reply.headers),
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: reply.body)))
    }
}
