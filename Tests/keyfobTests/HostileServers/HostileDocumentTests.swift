import AuthorizationServer
import FoundationEssentials
import TestSupport
import Testing

/// Documents that try to lead a client into a shell, to another server with secrets of the first, or to an attacker.
@Suite(.timeLimit(.withTurns)) struct `A hostile server's document` {
    // MARK: Into a shell (CVE-2025-6514 and others)

    /// Not valid as a URL of an endpoint.
    private static let addresses = [
        "file:///bin/sh", "javascript:alert(1)", "data:text/html,x", "vbscript:x", "ftp://a.example/", "xdg-open:x",
        "--help", "-https://a.example/", "https://a.example/ --help", "", "https://",
        "https:///x",
        "//a.example/x", "/authorize", "https://a.example/`touch pwned`", "https://a.example/$(touch pwned)",
        "https://a.example/;touch pwned", "https://a.example/|touch", "https://a.example/\n--help",
        "https://a.example/\u{0}", "https://a.example/\u{1B}[2J", "https://a.example/\"x\"", "https://a.example/<x>",
        "https://a.example/{x}", "https://a.example\\b/", "https://a.example/%zz", "https://a.example/#/x",
        "https://a@b.example/", "https://a:b@c.example/", "https://$(touch)/", "https://a.example:99999/",
        "https://a.example:/", "https://é.example/", "https://0x7f.1/", "https://2130706433/", "https://127.1/",
        "https://[::ffff:127.0.0.1]/", "https://169.254.169.254/", "https://0.0.0.0/", "https://224.0.0.1/",
        "https://[fe80::1]/", "http://a.example/", "HTTP://a.example/", "http://10.0.0.1/",
    ]

    /// Makes the browser write each of its arguments on a line of a file.
    private static func recording(_ bench: FailureBench) async throws -> (FailureBench, record: URL) {
        let home = URL(filePath: bench.session.session.home)
        let (script, record) = (home.appending(path: "browser"), home.appending(path: "arguments"))
        try await writeScript(
            """
            for argument; do printf '%s\\n' "$argument" >>'\(record.path)'; done
            exec '\(KeyfobSession.headlessBrowser)' --user demo --password demo "$@"
            """, to: script.path)
        var bench = bench
        bench.session.environment["BROWSER"] = "\(script.path) %s"
        return (bench, record)
    }

    @Test(
        .counted(.hostileServers, each: addresses.count),
        arguments: [
            "authorization_endpoint", "token_endpoint", "device_authorization_endpoint", "registration_endpoint",
            "pushed_authorization_request_endpoint", "revocation_endpoint",
        ])
    func `starts no shell`(member: String) async throws {
        let isNeeded = ["authorization_endpoint", "token_endpoint"].contains(member)
        try await FailureBench.run { bench in
            let (bench, record) = try await Self.recording(bench)
            for address in Self.addresses {
                bench.server.reconfigure { $0.extraMetadata[member] = .string(address) }
                let result = try await bench.login(["--force"])
                #expect(result.stdout.isEmpty)
                expectHarmless(result, "\(address)")
                // Without an optional endpoint, the sign-in continues.
                if isNeeded { #expect(result.status == 78, "\(address): \(result.complaint)") }
                #expect(!isNeeded || !FileManager.default.fileExists(atPath: record.path), "\(address)")
            }
            let opened = (try? String(contentsOf: record, encoding: .utf8)) ?? ""
            #expect(opened.split(separator: "\n").allSatisfy(Self.isOurAddress), "\(opened)")
            Self.expectNothingRan(bench)
        }
    }

    @Test(.counted(.hostileServers))
    func `is opened by the browser as one plain address of keyfob`() async throws {
        try await FailureBench.run { bench in
            let (bench, record) = try await Self.recording(bench)
            let query = "a=$(touch%20pwned)&b=;touch+pwned&c='touch'&d=--help&e=%60touch%20pwned%60&f=&&g=%25s"
            let address = bench.server.issuer + "/authorize?" + query
            bench.server.reconfigure { $0.extraMetadata["authorization_endpoint"] = .string(address) }
            let result = try await bench.login()
            #expect(result.status == 0, "\(result.complaint)")
            let opened = try String(contentsOf: record, encoding: .utf8).split(separator: "\n")
            #expect(opened.count == 1 && opened.allSatisfy(Self.isOurAddress), "\(opened)")
            Self.expectNothingRan(bench)
        }
    }

    /// A blank or a control character around the address, a missing scheme and a missing host leave one meaning.
    private static let addressesOfDevices = addresses.filter {
        ![" https://a.example/", "https://a.example/\u{0}", "/authorize"].contains($0)
    }

    @Test(.counted(.hostileServers, each: addressesOfDevices.count))
    func `is not shown to users of another device`() async throws {
        try await FailureBench.run(more: "flow = \"device\"", { $0.device.isOffered = true }) { bench in
            for address in Self.addressesOfDevices {
                bench.server.reconfigure { $0.device.extraMembers["verification_uri"] = .string(address) }
                let result = try await bench.login(["--force"])
                #expect(result.status == 78, "\(address): \(result.complaint)")
                expectHarmless(result, "\(address)")
            }
            #expect(bench.requests(to: "/token") == 0)
        }
    }

    private static func isOurAddress(_ line: Substring) -> Bool {
        line.wholeMatch(of: /http:\/\/127\.0\.0\.1:[0-9]+\/start\/[A-Za-z0-9_-]+/) != nil
    }

    private static func expectNothingRan(_ bench: FailureBench) {
        for place in [bench.session.session.home + "/pwned", "pwned", "/pwned"] {
            #expect(!FileManager.default.fileExists(atPath: place))
        }
    }

    // MARK: To another server

    @Test(.counted(.hostileServers))
    func `RS names its own AS, gets RT: a refresh goes to the server of the sign-in, whatever the resource says now`()
        async throws
    {
        try await AuthorizationServer(.signingInAtOnce).run { evil in
            try await FailureBench.run(.registered, { $0.resources = [ProtectedResource()] }) { bench in
                try bench.session.configure("")
                let resource = bench.server.origin + "/mcp"
                #expect(try await bench.session.run(["keyfob", "login", resource]).status == 0)
                bench.server.reconfigure {
                    $0.resources[0].extraMetadata["authorization_servers"] = .strings([evil.issuer])
                    $0.extraMetadata["token_endpoint"] = .string(evil.issuer + "/token")
                    $0.extraMetadata["revocation_endpoint"] = .string(evil.issuer + "/revoke")
                }
                let question = "protocol=http\nhost=127.0.0.1:\(bench.server.port)\npath=mcp\n"
                let token = try await bench.session.run(["keyfob", "token", resource]).output.trimmingNewline
                _ = try await bench.session.run(["keyfob", "erase"], question + "password=\(token)\n\n")
                let refreshed = try await bench.quiet.run(["keyfob", "token", resource])
                #expect(refreshed.status == 0, "\(refreshed.complaint)")
                #expect(refreshed.output.trimmingNewline != token)
                _ = try await bench.session.run(["keyfob", "logout", resource])
                #expect(evil.requestLog.isEmpty)
            }
        }
    }

    @Test(.counted(.hostileServers))
    func `no-PRM fallback impersonation: metadata on the resource's origin that name an honest issuer are refused`()
        async throws
    {
        try await AuthorizationServer(.signingInAtOnce).run { honest in
            try await FailureBench.run(.registered, { $0.announcedIssuer = honest.issuer }) { bench in
                try bench.session.configure("")
                let result = try await bench.session.run(["keyfob", "login", bench.server.origin + "/mcp"])
                #expect(result.status == 78, "\(result.complaint)")
                #expect(result.complaint.contains("belongs to another issuer"))
                #expect(bench.session.browserOpenings == 0)
                #expect(bench.registrations == 0)
                #expect(honest.requestLog.isEmpty)
            }
        }
    }

    /// RFC 9700 section 4.4: the attacker's server redirects the browser to the honest server, to receive its code.
    @Test(.counted(.hostileServers), arguments: [true, false])
    func `mix-up: a code of the honest server is sent to no server`(honestNamesItself: Bool) async throws {
        var configuration = AuthorizationServerConfiguration.signingInAtOnce
        configuration.issuerParameter = honestNamesItself ? .own : .omitted
        try await AuthorizationServer(configuration).run { honest in
            try await FailureBench.run { bench in
                bench.server.reconfigure {
                    $0.extraMetadata["authorization_endpoint"] = .string(honest.issuer + "/authorize")
                }
                let result = try await bench.login()
                #expect(result.status == 77, "\(result.complaint)")
                let said = honestNamesItself ? "the answer is not from" : "the answer does not name its issuer"
                #expect(result.complaint.contains(said))
                // No hint leads the code of the one server to the other.
                #expect(!result.complaint.contains("token_endpoint"))
                #expect(result.complaint.contains("hint: somebody may have tried to mix up two sign-ins"))
                #expect(honest.requests(to: "/authorize").count == 1)
                #expect(bench.requests(to: "/token") == 0)
                #expect(honest.requests(to: "/token").isEmpty)
            }
        }
    }

    // MARK: A resource that lies

    /// `ORIGIN` stands for the resource's own.
    private static let resources = [
        "https://evil.example/mcp", "ORIGIN.evil.example/mcp", "ORIGIN@evil.example/mcp", "ORIGIN/mc", "ORIGIN/mcpx",
        "ORIGIN/other", "ORIGIN/mcp/deeper", "ORIGIN/mcp?x=1", "ORIGIN/mcp#x", "ORIGIN/../mcp", "https://127.0.0.1/mcp",
        "http://127.0.0.2/mcp", "http://localhost/mcp", "mcp", "", "*",
    ]

    @Test(.counted(.hostileServers, each: resources.count))
    func `PRM resource lies: only the resource itself or one above it is accepted`() async throws {
        try await FailureBench.run(.registered) { bench in
            try bench.session.configure("")
            for resource in Self.resources {
                let named = resource.replacing("ORIGIN", with: bench.server.origin)
                bench.server.reconfigure {
                    $0.resources = [ProtectedResource()]
                    $0.resources[0].extraMetadata["resource"] = .string(named)
                }
                let result = try await bench.session.run(["keyfob", "login", bench.server.origin + "/mcp"])
                #expect(result.status == 78 || result.status == 75, "\(resource): \(result.complaint)")
                #expect(result.stdout.isEmpty)
                expectHarmless(result, "\(resource)")
            }
            #expect(bench.session.browserOpenings == 0)
            #expect(bench.registrations == 0)
        }
    }

    @Test(.counted(.hostileServers, each: addresses.count))
    func `an invalid authorization server gets no request`() async throws {
        try await FailureBench.run(.registered) { bench in
            try bench.session.configure("")
            for address in Self.addresses {
                bench.server.reconfigure {
                    $0.resources = [ProtectedResource()]
                    $0.resources[0].extraMetadata["authorization_servers"] = .strings([address])
                }
                let result = try await bench.session.run(["keyfob", "login", bench.server.origin + "/mcp"])
                #expect(result.status == 78, "\(address): \(result.complaint)")
                #expect(result.stdout.isEmpty)
                expectHarmless(result, "\(address)")
            }
            #expect(bench.session.browserOpenings == 0)
            #expect(bench.registrations == 0)
        }
    }
}
