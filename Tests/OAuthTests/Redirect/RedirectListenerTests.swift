import Addresses
import NIOCore
import Secrets
import TestSupport
import Testing

@testable import OAuth

/// The listener over real sockets. It accepts the valid callback after any other requests.
@Suite(.timeLimit(.minutes(1)))
struct `The loopback listener` {
    private struct Login {
        let listener: RedirectListener
        let port: Int
        let startPath: String
        let cookie: String
        let genuine = "/callback?code=c0de&state=right"
    }

    /// Opens a listener, fetches its start address, runs `body`, and closes the listener.
    private func withLogin(
        _ template: RedirectTemplate = .loopback, patience: Duration = .seconds(60),
        _ body: (Login) async throws -> Void
    ) async throws {
        let listener = try await RedirectListener.open(template, patience: patience)
        do {
            let gate = RedirectGate(
                metadata: try Examples.metadata(), authorizationAddress: "https://login.example.com/authorize",
                state: Secret("right"), authority: listener.authority, callbackPath: template.path, lifetime: 60)
            listener.begin(gate)
            let start = try EndpointURL(gate.startAddress)
            let answer = try await RawConnection.get(start.path, host: listener.authority, port: start.port)
            let cookie = String(try #require(answer.fields["set-cookie"]).prefix { $0 != ";" })
            try await body(Login(listener: listener, port: start.port, startPath: start.path, cookie: cookie))
        } catch {
            await listener.close()
            throw error
        }
        await listener.close()
    }

    /// Sends the valid callback and expects the code.
    private func expectCode(_ login: Login) async throws {
        let answer = try await RawConnection.get(login.genuine, port: login.port, cookie: login.cookie)
        #expect(answer.status == 303)
        let result = try await login.listener.awaitAnswer(
            until: ContinuousClock.now + .seconds(30), of: .seconds(30), presenting: {}, finish: { $0 })
        #expect(result == .success(Secret("c0de")))
    }

    @Test(.counted(.hostileNeighbours)) func `accepts the valid callback after forged ones`() async throws {
        try await withLogin { login in
            let state = "state=right"
            let forged = [
                ("/callback?code=evil&state=wrong", login.cookie), ("/callback?code=evil&\(state)", "keyfob=x"),
                ("/callback?error=access_denied", login.cookie), ("/callback?code=a&code=b&state=wrong", login.cookie),
            ]
            for (path, cookie) in forged {
                let answer = try await RawConnection.get(path, port: login.port, cookie: cookie)
                #expect(answer.status == 400)
            }
            try await expectCode(login)
        }
    }

    @Test(.counted(.hostileNeighbours), arguments: ["HEAD", "OPTIONS", "POST", "PUT", "DELETE"])
    func `is not consumed by`(method: String) async throws {
        try await withLogin { login in
            let answer = try await RawConnection.get(
                login.genuine, method: method, port: login.port, cookie: login.cookie)
            #expect(answer.status == 405)
            #expect(answer.fields["allow"] == "GET, POST")
            #expect(method != "HEAD" || answer.body.isEmpty)
            try await expectCode(login)
        }
    }

    @Test(.counted(.hostileNeighbours)) func `answers a POST with a body`() async throws {
        try await withLogin { login in
            let answer = try await RawConnection.ask(
                "POST /callback HTTP/1.1\r\nHost: 127.0.0.1:\(login.port)\r\nContent-Length: 3\r\n\r\na=b",
                port: login.port)
            #expect(answer.status == 405)
            let form = try await RawConnection.ask(
                "POST /callback HTTP/1.1\r\nHost: 127.0.0.1:\(login.port)\r\nContent-Length: 3\r\n"
                    + "Content-Type: application/x-www-form-urlencoded\r\n\r\na=b", port: login.port)
            #expect(form.status == 303)
            #expect(form.fields["location"] == "http://127.0.0.1:\(login.port)/callback?a=b")
            let endless = try await RawConnection.ask(
                "POST /callback HTTP/1.1\r\nHost: 127.0.0.1:\(login.port)\r\nContent-Length: 20000\r\n"
                    + "Content-Type: application/x-www-form-urlencoded\r\n\r\n" + String(repeating: "x", count: 20_000),
                port: login.port)
            #expect(endless.status == 414)
            try await expectCode(login)
        }
    }

    @Test(.counted(.hostileNeighbours)) func `refuses other host names`() async throws {
        try await withLogin { login in
            for host in ["evil.example", "localhost", "localhost:1", "127.0.0.1", "127.0.0.1:1"] {
                let answer = try await RawConnection.get(
                    login.genuine, host: host, port: login.port, cookie: login.cookie)
                #expect(answer.status == 400)
            }
            try await expectCode(login)
        }
    }

    @Test(.counted(.hostileNeighbours)) func `has no icon, and a start address that works once`() async throws {
        try await withLogin { login in
            let icon = try await RawConnection.get("/favicon.ico", port: login.port)
            #expect(icon.status == 404)
            let second = try await RawConnection.get(login.startPath, port: login.port)
            #expect(second.status == 410)
            #expect(second.fields["location"] == nil)
            try await expectCode(login)
        }
    }

    @Test(.counted(.hostileNeighbours)) func `accepts the valid callback among 50 idle connections`() async throws {
        try await withLogin { login in
            var idle: [any Channel] = []
            for count in 0..<50 {
                idle.append(try await RawConnection.open(saying: count % 2 == 0 ? "" : "GET /call", port: login.port))
            }
            try await expectCode(login)
            for channel in idle { try? await channel.close() }
        }
    }

    @Test(.counted(.hostileNeighbours)) func `closes the oldest of too many connections`() async throws {
        try await withLogin(patience: .seconds(3_600)) { login in
            let oldest = try await RawConnection.open(port: login.port)
            var idle: [any Channel] = []
            for _ in 0..<LoopbackTraffic.connectionLimit {
                idle.append(try await RawConnection.open(port: login.port))
            }
            try await oldest.closeFuture.get()
            try await expectCode(login)
            for channel in idle { try? await channel.close() }
        }
    }

    @Test(.counted(.hostileNeighbours)) func `closes connections that send no complete request in time`() async throws {
        // The patience also ends a good request that a busy machine delays.
        try await withLogin(patience: .seconds(15)) { login in
            let incomplete = ["", "GET /callback HTTP/1.1\r\nHost: x\r\n"]
            var open: [any Channel] = []
            for text in incomplete { open.append(try await RawConnection.open(saying: text, port: login.port)) }
            for channel in open { try await channel.closeFuture.get() }
            try await expectCode(login)
        }
    }

    @Test(.counted(.hostileNeighbours)) func `refuses endless requests`() async throws {
        try await withLogin { login in
            let long = try await RawConnection.get(
                "/callback?code=" + String(repeating: "x", count: 17_000), port: login.port, cookie: login.cookie)
            #expect(long.status == 414)
            let filler = String(repeating: "X: " + String(repeating: "y", count: 1_000) + "\r\n", count: 100)
            let wide = try await RawConnection.ask(
                "GET \(login.genuine) HTTP/1.1\r\nHost: 127.0.0.1:\(login.port)\r\n\(filler)\r\n", port: login.port)
            #expect(wide.status != 303)
            let odd = try await RawConnection.ask("\u{16}\u{03}\u{01} TLS?\r\n\r\n", port: login.port)
            #expect(odd.status == 400 || odd.status == 0)
            try await expectCode(login)
        }
    }

    @Test func `closes all connections when it is closed`() async throws {
        let listener = try await RedirectListener.open(.loopback)
        let port = try EndpointURL(listener.redirectURI).port
        let idle = try await RawConnection.open(port: port)
        await listener.close()
        try await idle.closeFuture.get()
        #expect(await RawConnection.isClosed(port: port))
    }

    @Test(.counted(.hostileNeighbours)) func `listens only on 127.0.0.1`() async throws {
        let listener = try await RedirectListener.open(.loopback)
        let port = try EndpointURL(listener.redirectURI).port
        await #expect(throws: (any Error).self) {
            try await RawConnection.ask("GET / HTTP/1.1\r\n\r\n", host: "127.0.0.2", port: port)
        }
        await listener.close()
    }

    @Test func `uses the registered port`() async throws {
        let uri = "http://127.0.0.1:\(try await RedirectTemplate.freePort())/callback"
        let listener = try await RedirectListener.open(try RedirectTemplate(uri))
        #expect(listener.redirectURI == uri)
        await listener.close()
    }

    @Test func `reports that its port is taken`() async throws {
        let first = try await RedirectListener.open(.loopback)
        await #expect(throws: OAuthError.listenerFailed(reason: "address already in use")) {
            try await RedirectListener.open(try RedirectTemplate(first.redirectURI))
        }
        await first.close()
    }

    @Test(arguments: ["127.0.0.1", "localhost"])
    func `uses the first free one of its ports, and no other`(host: String) async throws {
        var template = try RedirectTemplate("http://\(host)/callback")
        let silent = try SilentPort()
        let free = try await RedirectTemplate.freePort(host: host)
        template.ports = [silent.port, free]
        let listener = try await RedirectListener.open(template)
        #expect(listener.port == free)
        #expect(listener.redirectURI == "http://\(host):\(free)/callback")
        await listener.close()

        template.ports = [silent.port]
        await #expect(throws: OAuthError.listenerFailed(reason: "address already in use")) {
            try await RedirectListener.open(template)
        }
    }

    @Test(.counted(.hostileNeighbours)) func `is not inherited by a browser`() async throws {
        try await withLogin { login in
            let connection = try await RawConnection.open(port: login.port)
            let inherited = OpenSockets.inheritable(localPort: login.port)
            #expect(inherited.found >= 1)
            #expect(inherited.inheritable == 0)
            try await connection.close()
        }
    }

    @Test func `with localhost listens on every address of localhost`() async throws {
        let template = try RedirectTemplate("http://localhost/callback")
        let listener = try await RedirectListener.open(template)
        let port = try EndpointURL(listener.redirectURI).port
        #expect(listener.authority == "localhost:\(port)")
        #expect(await RawConnection.isOpen(port: port))
        do {
            // If this machine has ::1, no other program may have our port there.
            let other = try await LoopbackServer.open(try RedirectTemplate("http://[::1]:\(port)/"))
            Issue.record("::1 is free on port \(other.port)")
            await other.close()
        } catch OAuthError.listenerFailed(let reason) {
            #expect(["address already in use", "cannot assign requested address"].contains(reason))
        }
        await listener.close()
    }
}
