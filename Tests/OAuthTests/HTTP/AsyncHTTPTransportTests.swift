import Addresses
import NIOSSL
import Secrets
import TestSupport
import Testing

@testable import OAuth

@Suite(.timeLimit(.minutes(1)))
struct `The transport` {
    private func transport(
        deadline: Duration = .seconds(30), authorities: String? = nil, environment: [String: String] = [:]
    ) -> AsyncHTTPTransport {
        var settings = NetworkSettings(environment: environment)
        settings.extraAuthorities = authorities
        return AsyncHTTPTransport(settings: { [settings] _ in settings }, deadline: deadline)
    }

    /// Sends one request through a new transport.
    private func send(
        _ request: HTTPRequest, deadline: Duration = .seconds(30), authorities: String? = nil,
        environment: [String: String] = [:]
    ) async throws -> HTTPResponse {
        let transport = transport(deadline: deadline, authorities: authorities, environment: environment)
        do {
            let response = try await transport.send(request)
            await transport.shutdown()
            return response
        } catch {
            await transport.shutdown()
            throw error
        }
    }

    @Test func `sends a form and returns the complete answer`() async throws {
        try await ScriptedServer.run({ _ in .http(400, "{\"error\":\"x\"}", fields: ["Retry-After: 3"]) }) { server in
            let url = try EndpointURL(server.address("/token?tenant=a"))
            let response = try await send(
                HTTPRequest(post: Secret("a=b"), to: url, authorization: Secret("Basic eDp5")))
            #expect(response.status == 400)
            #expect(response.field("retry-after") == "3")
            #expect(response.body == Secret("{\"error\":\"x\"}"))

            let request = try #require(server.requests.first)
            #expect(request.hasPrefix("POST /token?tenant=a HTTP/1.1\r\n"))
            #expect(request.hasSuffix("\r\n\r\na=b"))
            let fields = RawConnection.Answer(request).fields
            #expect(fields["accept"] == "application/json")
            #expect(fields["accept-encoding"] == "identity")
            #expect(fields["content-type"] == "application/x-www-form-urlencoded")
            #expect(fields["authorization"] == "Basic eDp5")
            #expect(fields["host"] == "127.0.0.1:\(server.port)")
        }
    }

    @Test(arguments: [(HTTPRequest.Method.post, "POST"), (.delete, "DELETE")])
    func `sends JSON`(method: HTTPRequest.Method, name: String) async throws {
        try await ScriptedServer.run({ _ in .http(201, "{}") }) { server in
            let url = try EndpointURL(server.address("/register"))
            let response = try await send(HTTPRequest(method, json: Secret("{\"a\":1}"), to: url))
            #expect(response.status == 201)
            let request = try #require(server.requests.first)
            #expect(request.hasPrefix("\(name) /register HTTP/1.1\r\n"))
            #expect(request.hasSuffix("\r\n\r\n{\"a\":1}"))
            let fields = RawConnection.Answer(request).fields
            #expect(fields["content-type"] == "application/json")
            #expect(fields["authorization"] == nil)
        }
    }

    @Test func `sends a DELETE with nothing but the token`() async throws {
        try await ScriptedServer.run({ _ in .bytes("HTTP/1.1 204 X\r\n\r\n") }) { server in
            let url = try EndpointURL(server.address("/register/1"))
            let response = try await send(HTTPRequest(delete: url, bearer: Secret("t")))
            #expect(response.status == 204 && response.body.isEmpty)
            let request = try #require(server.requests.first)
            #expect(request.hasPrefix("DELETE /register/1 HTTP/1.1\r\n"))
            #expect(request.hasSuffix("\r\n\r\n"))
            let fields = RawConnection.Answer(request).fields
            #expect(fields["authorization"] == "Bearer t")
            #expect(fields["content-type"] == nil)
        }
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func `follows no redirect`(status: Int) async throws {
        try await ScriptedServer.run({ _ in .http(200, "{}") }) { elsewhere in
            let location = "Location: \(elsewhere.address("/steal"))"
            try await ScriptedServer.run({ _ in .http(status, fields: [location]) }) { server in
                let url = try EndpointURL(server.address())
                let posted = try await send(HTTPRequest(post: Secret("code=c"), to: url))
                #expect(posted.status == status)
                let got = try await send(HTTPRequest(get: url))
                #expect(got.status == status)
            }
            #expect(elsewhere.requests.isEmpty)
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + String(repeating: "x", count: 300_000),
        "HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 300_000),
    ])
    func `reads no more than its limit`(answer: String) async throws {
        try await ScriptedServer.run({ _ in .bytes(answer) }) { server in
            let url = try EndpointURL(server.address())
            let tooLarge = OAuthError.tooLarge(host: "127.0.0.1", limit: 262_144)
            await #expect(throws: tooLarge) { try await send(HTTPRequest(get: url)) }
            let part = try await send(HTTPRequest(post: Secret(""), to: url))
            #expect(part.fault == tooLarge)
            #expect(part.body == Secret(String(repeating: "x", count: 262_144)))
        }
    }

    // The server sends more than two mebibytes and then waits: only the limit ends these.
    @Test(arguments: [
        (String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 90_000), true),
        ("HTTP/1.1 200 OK\r\n" + String(repeating: "X: y\r\n", count: 400_000), false),
        ("HTTP/1.1 200 OK\r\nX: " + String(repeating: "y", count: 2_200_000), false),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + String(repeating: "y", count: 2_200_000), true),
    ])
    func `reads no header and no chunk without an end`(answer: String, isAccepted: Bool) async throws {
        try await ScriptedServer.run({ _ in .stall(answer) }) { server in
            let url = try EndpointURL(server.address())
            await #expect {
                _ = try await send(HTTPRequest(get: url), deadline: .seconds(50))
            } throws: { error in
                switch error {
                case OAuthError.tooLarge: isAccepted
                case OAuthError.notHTTP: !isAccepted
                default: false
                }
            }
        }
    }

    // The answer to a POST cannot be had again.
    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    ])
    func `keeps the part of an answer to a POST, and of no other`(answer: String) async throws {
        try await ScriptedServer.run({ _ in .bytes(answer) }) { server in
            let (url, lost) = (try EndpointURL(server.address()), OAuthError.answerLost(host: "127.0.0.1"))
            let part = try await send(HTTPRequest(post: Secret("a=b"), to: url))
            #expect(part.status == 200 && part.body == Secret("{}") && part.fault == lost)
            await #expect(throws: lost) { try await send(HTTPRequest(get: url)) }
        }
    }

    /// HTTP that the parser refuses (RFC 9112), and the status that keyfob reads in it.
    static let unreadable: [(String, Int)] = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 200),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n{}", 200),
        ("HTTP/1.1 200 OK\r\nX-Note: a\r\n b\r\nContent-Length: 2\r\n\r\n{}", 200),
        ("HTTP/1.1 200 OK\r\nX Note: a\r\nContent-Length: 2\r\n\r\n{}", 200),
        ("HTTP/1.1 200 OK\r\nX-Note: a\u{1}b\r\nContent-Length: 2\r\n\r\n{}", 200),
        ("HTTP/1.1 200 OK\nContent-Length: 2\n\n{}", 200), ("HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200),
        ("HTTP/1.1 400 No\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400),
        ("HTTP/2.0 503 No\r\nContent-Length: 2\r\n\r\n{}", 503), ("ICY 400 No\r\n\r\n{}", 400),
        ("ICY 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200), ("http/1.1 200 OK\r\n\r\n{}", 200),
        ("HTTP 200 OK\r\n\r\n{}", 200), ("Status: 201 Created\r\n\r\n{}", 201), ("HTTP/1.1\t200\tOK\r\n\r\n{}", 200),
        ("HTTP/1.1 200 OK\rContent-Length: 2\r\r{}", 200),
        // Chunks, whole and in pieces.
        ("HTTP/2.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 200),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
            200
        ),
        ("HTTP/2.0 200 OK\nTransfer-Encoding: gzip, Chunked\n\n1;x=y\n{\n1\n}", 200),
        ("HTTP/2.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}", 200),
    ]

    @Test(arguments: unreadable)
    func `reads an answer that is no HTTP, if it has a status and an object`(_ answer: String, _ status: Int)
        async throws
    {
        try await ScriptedServer.run({ _ in .bytes(answer) }) { server in
            let url = try EndpointURL(server.address())
            for request in [HTTPRequest(post: Secret("a=b"), to: url), HTTPRequest(get: url)] {
                let part = try await send(request)
                #expect(part.status == status && part.body == Secret("{}"), "\(part.status) \(part.body.exposedBytes)")
                #expect(part.fault == nil)
            }
        }
    }

    static let withoutStatus = [
        "HTTP/1.1 000 X\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 042 X\r\n\r\n{}",
        "HTTP/1.1 -200 X\r\n\r\n{}", "HTTP/1.1 2000 X\r\n\r\n{}", "HTTP/1.1 abc X\r\n\r\n{}",
        "\u{FEFF}HTTP/1.1 200 OK\r\n\r\n{}", "warning: x\nHTTP/1.1 200 OK\r\n\r\n{}", "{}",
    ]

    @Test(
        arguments: withoutStatus + [
            "HTTP/2.0 200 OK\r\n\r\n{\"a\":1,", "HTTP/2.0 200 OK\r\n\r\n{\"a\":1,HTTP/1.1 200 OK\r\n\r\n{}",
            "HTTP/2.0 200 OK\r\n\r\na=b",
        ])
    func `keeps the rest of an answer to a POST that is no HTTP, and of no other`(answer: String) async throws {
        try await ScriptedServer.run({ _ in .bytes(answer) }) { server in
            let (url, fault) = (try EndpointURL(server.address()), OAuthError.notHTTP(host: "127.0.0.1"))
            let part = try await send(HTTPRequest(post: Secret("a=b"), to: url))
            #expect(part.status == 200 && part.body.count > 1 && part.fault == fault)
            await #expect(throws: fault) { try await send(HTTPRequest(get: url)) }
        }
    }

    @Test func `keeps the part that has arrived at its deadline`() async throws {
        try await ScriptedServer.run({ _ in .stall("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}") }) { server in
            let request = HTTPRequest(post: Secret("a=b"), to: try EndpointURL(server.address()))
            // Long enough for a slow machine to read two bytes.
            let part = try await send(request, deadline: .seconds(20))
            #expect(part.body == Secret("{}") && part.fault == .timedOut(host: "127.0.0.1", seconds: 20))
        }
    }

    @Test func `keeps the part that has arrived if the process ends soon`() async throws {
        try await ScriptedServer.run({ _ in .stall("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}") }) { server in
            let settings = NetworkSettings(environment: [:])
            let transport = AsyncHTTPTransport(settings: { _ in settings }, isEnding: { true })
            let clock = ContinuousClock()
            let request = HTTPRequest(post: Secret("a=b"), to: try EndpointURL(server.address()))
            let taken = try await clock.measure {
                let part = try await transport.send(request)
                #expect(part.body == Secret("{}") && part.fault == .timedOut(host: "127.0.0.1", seconds: 30))
            }
            #expect(taken < .seconds(20))
            await transport.shutdown()
        }
    }

    @Test(arguments: ["gzip", "deflate"])
    func `decompresses an answer, although it asks for none that is compressed`(encoding: String) async throws {
        let body = encoding == "gzip" ? Self.gzip : Self.zlib
        let head = "HTTP/1.1 200 OK\r\nContent-Encoding: \(encoding)\r\nContent-Length: \(body.count)\r\n\r\n"
        try await ScriptedServer.run({ _ in .data(Array(head.utf8) + body) }) { server in
            let url = try EndpointURL(server.address())
            for request in [HTTPRequest(get: url), HTTPRequest(post: Secret(""), to: url)] {
                let response = try await send(request)
                #expect(response.body == Secret("{}") && response.fault == nil)
                #expect(response.field("Content-Encoding") == nil)
            }
        }
    }

    @Test func `reads what is said to be compressed and is not`() async throws {
        let answer = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"
        try await ScriptedServer.run({ _ in .bytes(answer) }) { server in
            let response = try await send(HTTPRequest(get: try EndpointURL(server.address())))
            #expect(response.body == Secret("{}") && response.fault == nil)
        }
    }

    @Test func `reports that the compression of an answer is damaged`() async throws {
        let body = Self.gzip.dropLast()
        let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(body.count)\r\n\r\n"
        try await ScriptedServer.run({ _ in .data(Array(head.utf8) + body) }) { server in
            let url = try EndpointURL(server.address())
            let damaged = OAuthError.malformed(host: "127.0.0.1", member: "Content-Encoding")
            for request in [HTTPRequest(get: url), HTTPRequest(post: Secret(""), to: url)] {
                let response = try await send(request)
                #expect(response.body == Secret("{}") && response.fault == damaged)
                #expect(throws: damaged) { try response.jsonObject(from: "127.0.0.1") }
            }
        }
    }

    // RFC 1952 and RFC 1950.
    private static let gzip: [UInt8] = [
        0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0xAB, 0xAE, 5, 0, 0x43, 0xBF, 0xA6, 0xA3, 2, 0, 0, 0,
    ]
    private static let zlib: [UInt8] = [0x78, 0x9C, 0xAB, 0xAE, 5, 0, 1, 0x75, 0, 0xF9]

    @Test(arguments: [
        ScriptedServer.Reply.stall(""), .stall("HTTP/1.1 200 OK\r\nContent-Le"),
        .stall("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
        // A server that never pauses for long, and never finishes its answer.
        .drip("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", every: .milliseconds(100)),
        .drip("HTTP/1.1 200 OK\r\n\r\n{" + String(repeating: " ", count: 1000), every: .milliseconds(20)),
    ])
    func `times out at its deadline, at whatever byte the server stops`(reply: ScriptedServer.Reply) async throws {
        try await ScriptedServer.run({ _ in reply }) { server in
            var request = HTTPRequest(get: try EndpointURL(server.address()))
            await #expect(throws: OAuthError.timedOut(host: "127.0.0.1", seconds: 1)) {
                try await send(request, deadline: .seconds(1))
            }
            request.deadline = .seconds(1)
            await #expect(throws: OAuthError.timedOut(host: "127.0.0.1", seconds: 1)) { try await send(request) }
        }
    }

    @Test func `ends at once when the task is cancelled`() async throws {
        let (asked, wasAsked) = AsyncStream<Void>.makeStream()
        try await ScriptedServer.run({ _ in
            wasAsked.yield()
            return .stall("")
        }) { server in
            let request = HTTPRequest(get: try EndpointURL(server.address()))
            let task = Task { try await send(request) }
            _ = await asked.first { true }
            let clock = ContinuousClock()
            let taken = await clock.measure {
                task.cancel()
                await #expect(throws: OAuthError.cancelled) { try await task.value }
            }
            #expect(taken < .seconds(20))
        }
    }

    @Test(arguments: [
        (ScriptedServer.Reply.close, OAuthError.answerLost(host: "127.0.0.1")),
        (.bytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"), .answerLost(host: "127.0.0.1")),
        (.bytes("SSH-2.0-x\r\n"), .notHTTP(host: "127.0.0.1")),
        // AsyncHTTPClient would end the process.
        (.bytes("HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n"), .notHTTP(host: "127.0.0.1")),
    ])
    func `reports a missing answer and does not retry`(reply: ScriptedServer.Reply, error: OAuthError) async throws {
        try await ScriptedServer.run({ _ in reply }) { server in
            let request = HTTPRequest(post: Secret("code=c"), to: try EndpointURL(server.address()))
            await #expect(throws: error) { try await send(request) }
            #expect(server.requests.count == 1)
        }
    }

    @Test func `reports that no server listens`() async throws {
        let silent = try SilentPort()
        let request = HTTPRequest(get: try EndpointURL("http://127.0.0.1:\(silent.port)/"))
        await #expect(throws: OAuthError.unreachable(host: "127.0.0.1", reason: "connection refused")) {
            try await send(request)
        }
        withExtendedLifetime(silent) {}
    }

    @Test func `can be shut down unused, and more than once`() async {
        let transport = transport()
        await transport.shutdown()
        await transport.shutdown()
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `The transport over TLS` {
    private func ask(
        _ address: String, authorities: String? = nil, environment: [String: String] = [:]
    ) async throws -> HTTPResponse {
        var settings = NetworkSettings(environment: environment)
        settings.extraAuthorities = authorities
        let transport = AsyncHTTPTransport(settings: { [settings] _ in settings })
        do {
            let response = try await transport.send(HTTPRequest(get: try EndpointURL(address)))
            await transport.shutdown()
            return response
        } catch {
            await transport.shutdown()
            throw error
        }
    }

    private func isUntrusted(_ error: any Error) -> Bool {
        if case OAuthError.untrusted(host: "127.0.0.1", _) = error { true } else { false }
    }

    @Test func `trusts no server without an authority`() async throws {
        try await TestCertificate.lend(for: "IP:127.0.0.1") { certificate in
            try await ScriptedServer.run(tls: certificate.context, { _ in .http(200, "{}") }) { server in
                await #expect {
                    try await ask(server.address())
                } throws: {
                    isUntrusted($0)
                }
                #expect(server.requests.isEmpty)
            }
        }
    }

    @Test func `trusts the authorities of the configuration and of the environment`() async throws {
        try await TestCertificate.lend(for: "IP:127.0.0.1") { certificate in
            let file = certificate.file
            try await ScriptedServer.run(tls: certificate.context, { _ in .http(200, "{}") }) { server in
                let configured = try await ask(server.address(), authorities: file)
                #expect(configured.status == 200)
                let inherited = try await ask(server.address(), environment: ["SSL_CERT_FILE": file])
                #expect(inherited.status == 200)
            }
        }
    }

    // Nothing is wrong with its certificate: the answer is lost on the way.
    @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"])
    func `reports damage behind the handshake as a lost answer`(answer: String) async throws {
        try await TestCertificate.lend(for: "IP:127.0.0.1") { certificate in
            let file = certificate.file
            try await ScriptedServer.run(tls: certificate.context, { _ in .damage(after: answer) }) { server in
                await #expect(throws: OAuthError.answerLost(host: "127.0.0.1")) {
                    try await ask(server.address(), authorities: file)
                }
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test func `refuses a certificate for another name`() async throws {
        try await TestCertificate.lend(for: "DNS:other.example") { certificate in
            let file = certificate.file
            try await ScriptedServer.run(tls: certificate.context, { _ in .http(200, "{}") }) { server in
                await #expect(
                    throws: OAuthError.untrusted(host: "127.0.0.1", reason: .otherName)
                ) { try await ask(server.address(), authorities: file) }
                #expect(server.requests.isEmpty)
            }
        }
    }

    /// The peer is 127.0.0.1, which swift-nio-ssl alone would take for the server's name.
    @Test(
        .counted(.hostileServers),
        arguments: ["IP:127.0.0.1", "IP:127.0.0.1,DNS:other.example", "DNS:local*", "DNS:*", "DNS:a.localhost"])
    func `refuses a certificate that is not for the host in the URL`(names: String) async throws {
        try await TestCertificate.lend(for: names) { certificate in
            let file = certificate.file
            try await ScriptedServer.run(tls: certificate.context, { _ in .http(200, "{}") }) { server in
                await #expect(throws: OAuthError.untrusted(host: "localhost", reason: .otherName)) {
                    try await ask("https://localhost:\(server.port)/", authorities: file)
                }
                #expect(server.requests.isEmpty)
            }
        }
    }

    @Test(arguments: ["DNS:localhost", "DNS:other.example,DNS:LocalHost"])
    func `accepts a certificate that names the host in the URL`(names: String) async throws {
        try await TestCertificate.lend(for: names) { certificate in
            let file = certificate.file
            try await ScriptedServer.run(tls: certificate.context, { _ in .http(200, "{}") }) { server in
                let response = try await ask("https://localhost:\(server.port)/", authorities: file)
                #expect(response.status == 200)
            }
        }
    }

    @Test(
        arguments: [
            // The name in the certificate, the host, and whether they match (RFC 9525 section 6.3)
            ("a.example", "a.example", true), ("A.Example.", "a.example", true), ("*.a.example", "b.a.example", true),
            ("a.example", "b.example", false), ("*.a.example", "a.example", false),
            ("*.a.example", "c.b.a.example", false), ("b*.a.example", "b1.a.example", false),
            ("*.example", "a.example", false), ("*", "example", false), ("b.*.example", "b.a.example", false),
            ("*.*.example", "b.a.example", false), ("", "", false), ("a..example", "a..example", false),
            ("a.example\u{0}.evil", "a.example", false), ("xn--*.a.example", "xn--x.a.example", false),
        ])
    func `compares names by whole labels`(name: String, host: String, isSame: Bool) {
        #expect(CertificateNames.covers(pattern: Array(name.utf8), host) == isSame)
    }

    @Test func `reports that the file of authorities is unreadable`() async throws {
        try await ScriptedServer.run({ _ in .close }) { server in
            await #expect(
                throws: OAuthError.untrusted(
                    host: "127.0.0.1", reason: .authoritiesUnreadable)
            ) { try await ask("https://127.0.0.1:\(server.port)/", authorities: "/nonexistent.pem") }
        }
    }

    @Test func `refuses a server without TLS`() async throws {
        try await ScriptedServer.run({ _ in .http(400) }) { server in
            await #expect {
                try await ask("https://127.0.0.1:\(server.port)/")
            } throws: {
                isUntrusted($0)
            }
        }
    }
}
