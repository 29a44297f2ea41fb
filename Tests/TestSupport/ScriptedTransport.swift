import Addresses
package import OAuth
import Secrets
import Synchronization

/// An authorization server in memory: each URL answers by its script, and a URL without a script answers 404.
///
/// A script is a list of responses, of which the last is repeated. ``requests`` is the server's own log.
package final class ScriptedTransport: HTTPTransport {
    /// The answer of a URL to one request.
    package enum Answer: Sendable {
        case response(HTTPResponse)
        case failure(OAuthError)

        /// A JSON document.
        package static func json(_ text: String, status: Int = 200) -> Answer {
            .body(text, type: "application/json", status: status)
        }

        /// A body of any type; fields are added to the Content-Type.
        package static func body(
            _ text: String, type: String?, status: Int = 200, fields: [(name: String, value: String)] = []
        ) -> Answer {
            let contentType = type.map { [(name: "Content-Type", value: $0)] } ?? []
            return .response(HTTPResponse(status: status, fields: contentType + fields, body: Secret(text)))
        }

        /// A response without a body, and with these fields.
        package static func status(_ status: Int, fields: [(name: String, value: String)] = []) -> Answer {
            .body("", type: nil, status: status, fields: fields)
        }
    }

    private struct State {
        var scripts: [String: [Answer]]
        var requests: [HTTPRequest] = []
    }

    private let state: Mutex<State>

    /// - Parameter scripts: the answers of each URL, under its complete text.
    package init(_ scripts: [String: [Answer]]) {
        state = Mutex(State(scripts: scripts))
    }

    /// Every request that arrived, in order.
    package var requests: [HTTPRequest] { state.withLock { $0.requests } }

    /// The requested URLs, in order.
    package var addresses: [String] { requests.map(\.url.string) }

    package func send(_ request: HTTPRequest) async throws(OAuthError) -> HTTPResponse {
        let answer = state.withLock { state -> Answer in
            state.requests.append(request)
            let script = state.scripts[request.url.string] ?? [.status(404)]
            if script.count > 1 { state.scripts[request.url.string] = Array(script.dropFirst()) }
            return script.first ?? .status(404)
        }
        switch answer {
        case .response(let response): return response
        case .failure(let error): throw error
        }
    }
}
