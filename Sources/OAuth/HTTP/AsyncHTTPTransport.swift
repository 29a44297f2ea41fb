package import Addresses
import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import Secrets
import Synchronization

/// An ``HTTPTransport`` that uses AsyncHTTPClient. It costs nothing until the first request.
package struct AsyncHTTPTransport: HTTPTransport {
    private let clients: LazyHTTPClients
    private let settings: @Sendable (EndpointURL) async throws(OAuthError) -> NetworkSettings
    private let deadline: Duration
    private let resolution: NameResolution
    private let isEnding: @Sendable () -> Bool

    /// - Parameters:
    ///   - settings: returns how to reach a URL; called before each request. Its time counts towards the deadline. If
    ///     it throws, nothing is sent.
    ///   - deadline: the time for a whole request, from connecting to the last byte.
    ///   - isEnding: whether the process ends soon. Then a request gets ``lastTime``, and what has arrived counts.
    package init(
        settings: @escaping @Sendable (EndpointURL) async throws(OAuthError) -> NetworkSettings,
        deadline: Duration = .seconds(30), isEnding: @escaping @Sendable () -> Bool = { false }
    ) {
        self.init(
            settings: settings, deadline: deadline, isEnding: isEnding,
            resolution: { host throws(OAuthError) in
                try await SystemNameResolution.addresses(of: host)
            })
    }

    /// - Parameter resolution: finds the addresses that ``Reach`` checks. Tests replace it, because their hosts are not
    ///   in the DNS.
    init(
        settings: @escaping @Sendable (EndpointURL) async throws(OAuthError) -> NetworkSettings, deadline: Duration,
        isEnding: @escaping @Sendable () -> Bool = { false }, resolution: @escaping NameResolution
    ) {
        self.isEnding = isEnding
        clients = LazyHTTPClients(deadline: deadline)
        self.settings = settings
        self.deadline = deadline
        self.resolution = resolution
    }

    package func send(_ request: HTTPRequest) async throws(OAuthError) -> HTTPResponse {
        let deadline = min(deadline, request.deadline ?? deadline)
        let failures = TransportFailures(host: request.url.host, limit: request.responseLimit, deadline: deadline)
        let arrived = ArrivedPart()
        let error: OAuthError? =
            switch await race(deadline, { await exchange(request, arrived, failures) }) {
            case .success: nil
            case .failure(let error): error
            case nil: Task.isCancelled ? .cancelled : failures.timedOut
            }
        return try arrived.response(to: request, without: error)
    }

    /// Returns the reach that a request to `url` needs, if a document of `resource` names `url`: as public as the
    /// resource, or also in private networks. If the host cannot be found now, its address is checked by the request
    /// itself.
    ///
    /// - Throws: `addressTooNear` if neither reach suffices; `settingsUnknown`.
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

    /// Closes the connections of all clients. Call it once, after the last request.
    package func shutdown() async {
        await clients.shutdown()
    }

    /// AsyncHTTPClient's own deadline covers only the header of the response. A slow body would not be limited by it.
    private func race(
        _ deadline: Duration, _ operation: @escaping @Sendable () async -> Result<Void, OAuthError>
    ) async -> Result<Void, OAuthError>? {
        await withTaskGroup(of: Result<Void, OAuthError>?.self) { group in
            group.addTask { await operation() }
            group.addTask {
                await running(for: deadline)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }

    /// The time that a request gets if the process ends soon: less than a signal is held back (`HeldSignals`).
    private static let lastTime = Duration.seconds(3)

    /// Waits until the process has run for `time`. The time in which it was stopped (Ctrl-Z, SIGSTOP) does not count: an
    /// answer that arrived meanwhile is still read.
    private func running(for time: Duration) async {
        let clock = ContinuousClock()
        var (left, isLast) = (time, false)
        while left > .zero, !Task.isCancelled {
            let (step, begun) = (min(left, .seconds(1)), clock.now)
            try? await Task.sleep(for: step)
            left -= min(clock.now - begun, step + .seconds(1))
            if !isLast, isEnding() { (left, isLast) = (min(left, Self.lastTime), true) }
        }
    }

    private func exchange(
        _ request: HTTPRequest, _ arrived: ArrivedPart, _ failures: TransportFailures
    ) async -> Result<Void, OAuthError> {
        var failures = failures
        do {
            let ways = try await ways(to: request.url, request.reach)
            failures.proxy = ways.last.proxy.map { "\($0.host):\($0.port)" }
            failures.proxySetting = ways.proxySetting
            do {
                return .success(try await perform(request, ways, arrived))
            } catch {
                if let answer = error as? UnreadableAnswer { arrived.keep(answer) }
                return .failure(await diagnosed(failures.describe(error), request.url, ways.last))
            }
        } catch {
            return .failure(error)
        }
    }

    /// Returns `error`, with the fault of the certificate if TLS reported none. Through a proxy, the certificate is not
    /// examined.
    private func diagnosed(_ error: OAuthError, _ url: EndpointURL, _ way: LazyHTTPClients.Way) async -> OAuthError {
        guard case .untrusted(let host, reason: .handshakeFailed) = error, way.proxy == nil else { return error }
        let address = way.addresses[host] ?? String(host.filter { !"[]".contains($0) })
        return .untrusted(
            host: host,
            reason: await CertificateDiagnosis.distrust(
                of: host, at: address, port: url.port, on: LazyHTTPClients.thread))
    }

    /// The ways to reach a host, at least one, in the order in which to try them.
    private struct Ways {
        var first: [LazyHTTPClients.Way] = []
        var last: LazyHTTPClients.Way
        var proxySetting = ""
    }

    /// Checks every address if keyfob chooses the address. If a proxy chooses it, checks only the host in the URL.
    private func ways(to url: EndpointURL, _ reach: Reach) async throws(OAuthError) -> Ways {
        let settings = try await settings(url)
        let way = LazyHTTPClients.Way(
            certified: url.scheme == "https" ? url.host : nil, proxy: try settings.proxy(for: url),
            authorities: settings.authorities,
            extraAuthorities: settings.extraAuthorities)
        if way.proxy != nil {
            try await reach.checkBeforeProxy(url, by: resolution)
            return Ways(last: way, proxySetting: settings.proxySetting)
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

    /// Tries the next way only if the previous one made no connection: then no server has read the request.
    private func perform(
        _ request: HTTPRequest, _ ways: Ways, _ arrived: ArrivedPart
    ) async throws {
        for way in ways.first {
            do {
                return try await Self.perform(request, with: clients.client(way), arrived)
            } catch {
                guard Self.isRefusal(error) else { throw error }
            }
        }
        try await Self.perform(request, with: clients.client(ways.last), arrived)
    }

    private static func isRefusal(_ error: any Error) -> Bool {
        switch error {
        case is NIOConnectionError: true
        case let error as HTTPClientError: error == .connectTimeout
        // Socket errors that cannot occur on an established connection.
        case let error as IOError: [ECONNREFUSED, ENETUNREACH, EADDRNOTAVAIL].contains(error.errnoCode)
        default: false
        }
    }

    private static func perform(
        _ request: HTTPRequest, with client: HTTPClient, _ arrived: ArrivedPart
    ) async throws {
        // The host is in lower case here, because the address for it is looked up in that spelling.
        let query = request.url.query.map { "?" + $0 } ?? ""
        var message = HTTPClientRequest(url: request.url.origin + request.url.path + query)
        message.method = HTTPMethod(rawValue: request.method.rawValue)
        message.headers.add(name: "Accept", value: request.accept)
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
        arrived.begin(response)
        for try await bytes in response.body {
            try arrived.append(bytes, upTo: request.responseLimit)
        }
    }
}

/// The part of an answer that has arrived so far.
private final class ArrivedPart: Sendable {
    private struct Part {
        var response: HTTPResponse
        var codings: [String]
        var body = ByteBuffer()
    }

    private let part = Mutex<Part?>(nil)
    private let unreadable = Mutex<UnreadableAnswer?>(nil)

    func keep(_ answer: UnreadableAnswer) { unreadable.withLock { $0 = answer } }

    func begin(_ head: HTTPClientResponse) {
        // It is decoded here.
        let fields = head.headers.filter { $0.name.lowercased() != "content-encoding" }
        let response = HTTPResponse(
            status: Int(head.status.code), fields: fields.map { (name: $0.name, value: $0.value) }, body: Secret(""))
        let codings = head.headers[canonicalForm: "Content-Encoding"].map(String.init)
        part.withLock { $0 = Part(response: response, codings: codings) }
    }

    /// - Throws: `NIOTooManyBytesError` if the body is longer than `limit`; the bytes up to there have then arrived.
    func append(_ bytes: ByteBuffer, upTo limit: Int) throws {
        let isTooLong = part.withLock { part in
            let room = limit - (part?.body.readableBytes ?? 0)
            part?.body.writeImmutableBuffer(
                bytes.getSlice(at: bytes.readerIndex, length: min(room, bytes.readableBytes)) ?? bytes)
            return bytes.readableBytes > room
        }
        if isTooLong { throw NIOTooManyBytesError(maxBytes: limit) }
    }

    /// The answer to `request`, or the part of it that has arrived before `error`.
    ///
    /// - Throws: `error` if nothing of the body has arrived, or a part does not count.
    func response(to request: HTTPRequest, without error: OAuthError?) throws(OAuthError) -> HTTPResponse {
        let host = request.url.host
        let part = part.withLock { $0 }
        if part == nil || part?.body.readableBytes == 0, let error, let answer = unreadable.withLock({ $0 }),
            let response = answer.response(to: request, error)
        {
            return response
        }
        guard let part else { throw error ?? .answerLost(host: host) }
        if let error, !request.keepsPart || error == .cancelled || part.body.readableBytes == 0 { throw error }
        let body = DecodedBody(
            Array(part.body.readableBytesView), codings: part.codings, limit: request.responseLimit)
        var response = part.response
        response.body = Secret(body.bytes)
        response.fault =
            switch (error, body.problem) {
            case (let error?, _): error
            case (nil, .tooLarge): .tooLarge(host: host, limit: request.responseLimit)
            case (nil, .damaged): .malformed(host: host, member: "Content-Encoding")
            case (nil, nil): nil
            }
        return response
    }
}
