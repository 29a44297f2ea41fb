import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import Secrets

/// ``HTTPTransport`` over AsyncHTTPClient. Costs nothing until the first request.
package struct AsyncHTTPTransport: HTTPTransport {
    private let clients: LazyHTTPClients
    private let settings: @Sendable (EndpointURL) async throws(OAuthError) -> NetworkSettings
    private let deadline: Duration
    private let resolution: NameResolution

    /// - Parameters:
    ///   - settings: asked before each request how to reach its URL; what it takes counts towards the deadline. Where it
    ///     throws, nothing is sent.
    ///   - deadline: for a whole request, from connecting to the last byte.
    package init(
        settings: @escaping @Sendable (EndpointURL) async throws(OAuthError) -> NetworkSettings,
        deadline: Duration = .seconds(30)
    ) {
        self.init(
            settings: settings, deadline: deadline,
            resolution: { host throws(OAuthError) in
                try await SystemNameResolution.addresses(of: host)
            })
    }

    /// - Parameter resolution: finds the addresses that ``Reach`` judges; a test has none of its own in the DNS.
    init(
        settings: @escaping @Sendable (EndpointURL) async throws(OAuthError) -> NetworkSettings, deadline: Duration,
        resolution: @escaping NameResolution
    ) {
        clients = LazyHTTPClients(deadline: deadline)
        self.settings = settings
        self.deadline = deadline
        self.resolution = resolution
    }

    /// Reaches all alike, by the environment.
    ///
    /// - Parameters:
    ///   - certificateAuthorityFile: PEM file of authorities trusted beside the system's.
    ///   - environment: as in ``NetworkSettings/init(environment:)``.
    package init(
        certificateAuthorityFile: String? = nil, environment: [String: String] = [:],
        deadline: Duration = .seconds(30)
    ) {
        var settings = NetworkSettings(environment: environment)
        settings.extraAuthorities = certificateAuthorityFile
        self.init(settings: { [settings] _ in settings }, deadline: deadline)
    }

    package func send(_ request: HTTPRequest) async throws(OAuthError) -> HTTPResponse {
        let failures = TransportFailures(host: request.url.host, limit: request.responseLimit, deadline: deadline)
        let answer = await Self.race(deadline) { await exchange(request, failures) }
        switch answer {
        case .success(let response): return response
        case .failure(let error): throw error
        case nil: throw Task.isCancelled ? .cancelled : failures.timedOut
        }
    }

    /// How near a server has to be allowed for `url` to be asked, of which `resource` has told: not nearer than the
    /// resource, or in a private network. A host that cannot be found now is judged when it is asked.
    ///
    /// Throws `addressTooNear` where neither will do.
    package func reach(neededFor url: EndpointURL, of resource: EndpointURL) async throws(OAuthError) -> Reach {
        do {
            _ = try await ways(to: url, .asPublicAs(resource))
        } catch .addressTooNear {
            _ = try await ways(to: url, .privateNetworks(of: resource))
            return .privateNetworks(of: resource)
        } catch {
            if case .settingsUnknown = error { throw error }
        }
        return .asPublicAs(resource)
    }

    /// Closes the connections and ends the thread; call it once, when no more requests come.
    package func shutdown() async {
        await clients.shutdown()
    }

    /// AsyncHTTPClient's own deadline ends with the header of the answer; a body that drips would escape it.
    private static func race(
        _ deadline: Duration, _ operation: @escaping @Sendable () async -> Result<HTTPResponse, OAuthError>
    ) async -> Result<HTTPResponse, OAuthError>? {
        await withTaskGroup(of: Result<HTTPResponse, OAuthError>?.self) { group in
            group.addTask { await operation() }
            group.addTask {
                try? await Task.sleep(for: deadline)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }

    private func exchange(
        _ request: HTTPRequest, _ failures: TransportFailures
    ) async -> Result<HTTPResponse, OAuthError> {
        var failures = failures
        do {
            let ways = try await ways(to: request.url, request.reach)
            failures.proxy = ways.last.proxy.map { "\($0.host):\($0.port)" }
            do {
                return .success(try await perform(request, ways))
            } catch {
                return .failure(await diagnosed(failures.describe(error), request.url, ways.last))
            }
        } catch {
            return .failure(error)
        }
    }

    /// `error`, with what can be found out about a certificate where that was not enough; through a proxy nobody looks.
    private func diagnosed(_ error: OAuthError, _ url: EndpointURL, _ way: LazyHTTPClients.Way) async -> OAuthError {
        guard case .untrusted(let host, reason: .handshakeFailed) = error, way.proxy == nil else { return error }
        let address = way.addresses[host] ?? String(host.filter { !"[]".contains($0) })
        return .untrusted(
            host: host,
            reason: await CertificateDiagnosis.distrust(
                of: host, at: address, port: url.port, on: LazyHTTPClients.thread))
    }

    /// The ways to a host, at least one of them, to be tried in their order.
    private struct Ways {
        var first: [LazyHTTPClients.Way] = []
        var last: LazyHTTPClients.Way
    }

    /// Judged is every address that is ours to choose, and of a proxy's what can be told from the host alone.
    private func ways(to url: EndpointURL, _ reach: Reach) async throws(OAuthError) -> Ways {
        let settings = try await settings(url)
        let way = LazyHTTPClients.Way(
            proxy: try settings.proxy(for: url), authorities: settings.authorities,
            extraAuthorities: settings.extraAuthorities)
        if way.proxy != nil {
            try await reach.checkBeforeProxy(url, by: resolution)
            return Ways(last: way)
        }
        let all = try await reach.addresses(for: url, by: resolution).map { address in
            var way = way
            way.addresses = [url.host: address]
            way.isOneOfSeveral = true
            return way
        }
        guard var last = all.last else { return Ways(last: way) }
        last.isOneOfSeveral = false
        return Ways(first: all.dropLast(), last: last)
    }

    /// Goes the next way only where there was no connection on the one before: then nobody has read the request.
    private func perform(_ request: HTTPRequest, _ ways: Ways) async throws -> HTTPResponse {
        for way in ways.first {
            do {
                return try await Self.perform(request, with: clients.client(way))
            } catch {
                guard Self.isRefusal(error) else { throw error }
            }
        }
        return try await Self.perform(request, with: clients.client(ways.last))
    }

    private static func isRefusal(_ error: any Error) -> Bool {
        switch error {
        case is NIOConnectionError: true
        case let error as HTTPClientError: error == .connectTimeout
        // Of the errors of a socket those that an established connection does not have.
        case let error as IOError: [ECONNREFUSED, ENETUNREACH, EADDRNOTAVAIL].contains(error.errnoCode)
        default: false
        }
    }

    private static func perform(_ request: HTTPRequest, with client: HTTPClient) async throws -> HTTPResponse {
        // The host in lower case, by which an address that was chosen for it is found.
        let query = request.url.query.map { "?" + $0 } ?? ""
        var message = HTTPClientRequest(url: request.url.origin + request.url.path + query)
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
