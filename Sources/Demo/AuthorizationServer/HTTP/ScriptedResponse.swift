/// A response that a test has chosen; see ``AuthorizationServer/Interceptor``.
package struct ScriptedResponse: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// The part of the response that arrives, and its timing.
    package var delivery = Delivery.whole
    /// Whether the server first does what the request asks, and then sends this response instead of its own.
    package var isInsteadOfAnswer = false
    /// Awaited before the first byte is sent; nil for no delay.
    package var delay: (@Sendable () async -> Void)?

    package enum Delivery: Sendable, Equatable {
        case whole
        /// No byte: the connection is closed.
        case none
        /// One byte less than `Content-Length` announces, and then the end of the connection.
        case cut
        /// The body repeated so many times, without a `Content-Length`.
        case repeated(Int)
        /// Each byte of the body on its own, with a pause after it.
        case dripping(every: Duration)
        /// The body, and then nothing for as long as the client waits.
        case stalled
    }

    package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// `text` with the content type of JSON, even if it is not JSON.
    package static func json(_ text: String, status: Int = 200) -> ScriptedResponse {
        ScriptedResponse(status: status, headers: [("Content-Type", "application/json")], body: Array(text.utf8))
    }

    /// An error of RFC 6749 section 5.2.
    package static func error(_ code: String, status: Int = 400) -> ScriptedResponse {
        json(#"{"error":"\#(code)"}"#, status: status)
    }

    /// A response that asks the client to retry after so many seconds (RFC 9110 section 10.2.3).
    package static func busy(retryAfter: String, status: Int = 429) -> ScriptedResponse {
        ScriptedResponse(status: status, headers: [("Retry-After", retryAfter)])
    }

    /// A redirect (RFC 9110 section 15.4).
    package static func redirect(_ status: Int, to location: String) -> ScriptedResponse {
        ScriptedResponse(status: status, headers: [("Location", location)])
    }

    /// The server acts on the request, and its response is lost.
    package static var lostAnswer: ScriptedResponse {
        var response = ScriptedResponse(status: 200)
        response.delivery = .none
        response.isInsteadOfAnswer = true
        return response
    }

    /// The request is lost: the connection is closed without a response.
    package static var lostRequest: ScriptedResponse {
        var response = ScriptedResponse(status: 0)
        response.delivery = .none
        return response
    }

    /// This response with another delivery.
    package func delivered(_ delivery: Delivery) -> ScriptedResponse {
        var copy = self
        copy.delivery = delivery
        return copy
    }
}
