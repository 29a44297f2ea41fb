import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Secrets

/// ``HTTPTransport`` over AsyncHTTPClient. Costs nothing until the first request.
package struct AsyncHTTPTransport: HTTPTransport {
    private let clients: LazyHTTPClients
    private let proxies: ProxySettings
    private let deadline: Duration

    /// - Parameters:
    ///   - certificateAuthorityFile: PEM file of authorities trusted beside the system's.
    ///   - environment: read for `SSL_CERT_FILE` (in place of the system's authorities), `https_proxy`, `no_proxy`.
    ///   - deadline: for a whole request, from connecting to the last byte.
    package init(
        certificateAuthorityFile: String? = nil, environment: [String: String] = [:],
        deadline: Duration = .seconds(30)
    ) {
        clients = LazyHTTPClients(
            systemAuthorities: environment["SSL_CERT_FILE"].flatMap { $0.isEmpty ? nil : $0 },
            extraAuthorities: certificateAuthorityFile, deadline: deadline)
        proxies = ProxySettings(environment: environment)
        self.deadline = deadline
    }

    package func send(_ request: HTTPRequest) async throws(OAuthError) -> HTTPResponse {
        let client = clients.client(through: try proxies.proxy(for: request.url))
        let failures = TransportFailures(host: request.url.host, limit: request.responseLimit, deadline: deadline)
        switch await Self.race(deadline, { try await Self.perform(request, with: client) }) {
        case .success(let response): return response
        case .failure(let error): throw failures.describe(error)
        case nil: throw Task.isCancelled ? .cancelled : failures.timedOut
        }
    }

    /// Closes the connections and ends the thread; call it once, when no more requests come.
    package func shutdown() async {
        await clients.shutdown()
    }

    /// AsyncHTTPClient's own deadline ends with the header of the answer; a body that drips would escape it.
    private static func race(
        _ deadline: Duration, _ operation: @escaping @Sendable () async throws -> HTTPResponse
    ) async -> Result<HTTPResponse, any Error>? {
        await withTaskGroup(of: Result<HTTPResponse, any Error>?.self) { group in
            group.addTask {
                do { return .success(try await operation()) } catch { return .failure(error) }
            }
            group.addTask {
                try? await Task.sleep(for: deadline)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }

    private static func perform(_ request: HTTPRequest, with client: HTTPClient) async throws -> HTTPResponse {
        var message = HTTPClientRequest(url: request.url.string)
        message.method = HTTPMethod(rawValue: request.method.rawValue)
        message.headers.add(name: "Accept", value: "application/json")
        message.headers.add(name: "Accept-Encoding", value: "identity")
        message.headers.add(name: "User-Agent", value: "keyfob")
        if let authorization = request.authorization?.exposedText {
            message.headers.add(name: "Authorization", value: authorization)
        }
        if let form = request.form {
            message.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
            message.body = .bytes(ByteBuffer(bytes: form.exposedBytes))
        }
        if let json = request.json {
            message.headers.add(name: "Content-Type", value: "application/json")
            message.body = .bytes(ByteBuffer(bytes: json.exposedBytes))
        }
        let response = try await client.execute(message, deadline: .distantFuture)
        let body = try await response.body.collect(upTo: request.responseLimit)
        return HTTPResponse(
            status: Int(response.status.code),
            fields: response.headers.map { (name: $0.name, value: $0.value) },
            body: Secret(body.readableBytesView))
    }
}
