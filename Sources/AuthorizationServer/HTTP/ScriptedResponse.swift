/// An answer that a test has chosen; ``AuthorizationServer/Interceptor``.
package struct ScriptedResponse: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// How much of it arrives, and how.
    package var delivery = Delivery.whole
    /// Whether the server does first what it was asked to, and then sends this instead of its own answer.
    package var isInsteadOfAnswer = false
    /// Awaited before the first byte is sent; nil for at once.
    package var delay: (@Sendable () async -> Void)?

    package enum Delivery: Sendable, Equatable {
        case whole
        /// Not a byte: the connection is closed.
        case none
        /// One byte less than the header field announced, and the end of the connection.
        case cut
        /// The body again and again, so many times, without saying how long it will be.
        case repeated(Int)
        /// A byte of the body, a pause, the next byte.
        case dripping(every: Duration)
        /// The body and then, for as long as the client waits, nothing.
        case stalled
    }

    package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// `text` as JSON, whether it is or not.
    package static func json(_ text: String, status: Int = 200) -> ScriptedResponse {
        ScriptedResponse(status: status, headers: [("Content-Type", "application/json")], body: Array(text.utf8))
    }

    /// An error of RFC 6749 section 5.2.
    package static func error(_ code: String, status: Int = 400) -> ScriptedResponse {
        json(#"{"error":"\#(code)"}"#, status: status)
    }

    /// The client should come back in so many seconds (RFC 9110 section 10.2.3).
    package static func busy(retryAfter: String, status: Int = 429) -> ScriptedResponse {
        ScriptedResponse(status: status, headers: [("Retry-After", retryAfter)])
    }

    /// A redirect (RFC 9110 section 15.4).
    package static func redirect(_ status: Int, to location: String) -> ScriptedResponse {
        ScriptedResponse(status: status, headers: [("Location", location)])
    }

    /// The request is done, and its answer gets lost.
    package static var lostAnswer: ScriptedResponse {
        var response = ScriptedResponse(status: 200)
        response.delivery = .none
        response.isInsteadOfAnswer = true
        return response
    }

    /// The request gets lost: the connection is closed without an answer.
    package static var lostRequest: ScriptedResponse {
        var response = ScriptedResponse(status: 0)
        response.delivery = .none
        return response
    }

    /// This answer, delivered in another way.
    package func delivered(_ delivery: Delivery) -> ScriptedResponse {
        var copy = self
        copy.delivery = delivery
        return copy
    }
}
