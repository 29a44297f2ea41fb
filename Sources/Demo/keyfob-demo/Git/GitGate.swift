import AsyncHTTPClient
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import Secrets
import Synchronization

/// The access check of the git server: it accepts only requests with an access token that the authorization server
/// confirms.
final class GitGate: Sendable {
    private let issuer: String
    private let secret: Secret
    private let state = Mutex(State())

    private struct State {
        var refused = 0
        var passed = 0
        var lastToken: Secret?
    }

    /// - Parameter secret: the secret that the authorization server requires at `/introspect`.
    init(issuer: String, secret: Secret) {
        self.issuer = issuer
        self.secret = secret
    }

    /// The numbers of refused and accepted requests.
    var counts: (refused: Int, passed: Int) { state.withLock { ($0.refused, $0.passed) } }

    /// The token of the last accepted request.
    var lastToken: Secret? { state.withLock { $0.lastToken } }

    func respond(to request: Request, _ backend: GitBackend) async -> Response {
        let token = Self.token(request.headers[.authorization] ?? "")
        guard let token, await isLive(token) else {
            state.withLock { $0.refused += 1 }
            var headers = HTTPFields()
            headers.append(HTTPField(name: .wwwAuthenticate, value: "Basic realm=\"keyfob-demo\""))
            headers.append(HTTPField(name: .wwwAuthenticate, value: "Bearer realm=\"keyfob-demo\""))
            return Response(status: .unauthorized, headers: headers)
        }
        state.withLock { state in
            state.passed += 1
            state.lastToken = token
        }
        return await backend.respond(to: request)
    }

    /// The token of `Bearer TOKEN` (RFC 6750 section 2.1) or of `Basic base64(ANY_NAME:TOKEN)` (RFC 7617).
    private static func token(_ field: String) -> Secret? {
        let halves = field.split(separator: " ", maxSplits: 1)
        guard halves.count == 2 else { return nil }
        switch halves[0].lowercased() {
        case "bearer": return Secret(String(halves[1]))
        case "basic":
            let pair = Data(base64Encoded: String(halves[1]))?.split(
                separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
            return pair.flatMap { $0.count == 2 ? Secret($0[1]) : nil }
        default: return nil
        }
    }

    /// Asks the authorization server (RFC 7662). If it cannot be asked, the token is refused.
    private func isLive(_ token: Secret) async -> Bool {
        struct Answer: Decodable { var active: Bool }
        guard let text = token.exposedText, let secret = secret.exposedText,
            text.utf8.allSatisfy({ (0x21...0x7e).contains($0) && !"&+%=".utf8.contains($0) })
        else { return false }
        var question = HTTPClientRequest(url: issuer + "/introspect")
        question.method = .POST
        question.headers.add(name: "Authorization", value: "Bearer \(secret)")
        question.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
        question.body = .bytes(ByteBuffer(string: "token=\(text)"))
        guard let response = try? await HTTPClient.shared.execute(question, timeout: .seconds(10)),
            let body = try? await response.body.collect(upTo: 65_536),
            let answer = try? JSONDecoder().decode(Answer.self, from: Data(body.readableBytesView))
        else { return false }
        return answer.active
    }
}
