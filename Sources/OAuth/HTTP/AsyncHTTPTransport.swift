/// ``HTTPTransport`` over AsyncHTTPClient. Costs nothing until the first request.
package struct AsyncHTTPTransport: HTTPTransport {
    /// - Parameters:
    ///   - certificateAuthorityFile: PEM file of authorities trusted beside the system's.
    ///   - environment: read for `SSL_CERT_FILE`, `https_proxy` and `no_proxy`.
    ///   - deadline: for a whole request, from connecting to the last byte.
    package init(
        certificateAuthorityFile: String? = nil, environment: [String: String] = [:],
        deadline: Duration = .seconds(30)
    ) {
    }

    package func send(_ request: HTTPRequest) async throws(OAuthError) -> HTTPResponse {
        throw .cancelled
    }

    /// Closes the connections and ends the thread; call it once, when no more requests come.
    package func shutdown() async {
    }
}
