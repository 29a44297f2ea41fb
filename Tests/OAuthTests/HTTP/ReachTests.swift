import Addresses
import Glibc
import Secrets
import Synchronization
import TestSupport
import Testing

@testable import OAuth

/// The bytes of an address in its usual notation.
private func bytes(_ text: String) throws -> [UInt8] {
    if let plain = HostName.bytes(text) { return plain }
    return try #require(HostName.bytes("[\(text)]"))
}

@Suite struct `The range of an address` {
    static let addresses: [(String, AddressRange?)] = [
        ("127.0.0.1", .loopback), ("127.255.255.254", .loopback), ("::1", .loopback),
        // Private networks, and other addresses that the Internet does not route
        ("10.0.0.1", .nearby), ("172.16.0.1", .nearby), ("172.31.255.255", .nearby), ("192.168.1.1", .nearby),
        ("100.64.0.1", .nearby), ("100.127.255.255", .nearby), ("198.18.0.1", .nearby), ("192.0.2.1", .nearby),
        ("fc00::1", .nearby), ("fdff::1", .nearby), ("fec0::1", .nearby), ("64:ff9b:1::1", .nearby),
        // Addresses just outside of them
        ("9.255.255.255", .everywhere), ("11.0.0.1", .everywhere), ("172.15.0.1", .everywhere),
        ("172.32.0.1", .everywhere), ("192.167.0.1", .everywhere), ("192.169.0.1", .everywhere),
        ("100.63.0.1", .everywhere), ("100.128.0.1", .everywhere), ("198.20.0.1", .everywhere),
        ("169.253.0.1", .everywhere), ("169.255.0.1", .everywhere), ("126.0.0.1", .everywhere),
        ("128.0.0.1", .everywhere), ("223.255.255.255", .everywhere), ("1.1.1.1", .everywhere),
        ("2606:4700::1111", .everywhere), ("2a00::1", .everywhere),
        // Addresses that no server has
        ("0.0.0.0", nil), ("0.1.2.3", nil), ("169.254.169.254", nil), ("224.0.0.1", nil), ("240.0.0.1", nil),
        ("255.255.255.255", nil), ("::", nil), ("fe80::1", nil), ("febf::1", nil), ("ff02::1", nil), ("::7f00:1", nil),
        // IPv4 addresses in IPv6 notations
        ("::ffff:127.0.0.1", .loopback), ("::ffff:10.0.0.1", .nearby), ("::ffff:1.1.1.1", .everywhere),
        ("::ffff:169.254.169.254", nil), ("64:ff9b::7f00:1", .loopback), ("64:ff9b::a00:1", .nearby),
        ("64:ff9b::101:101", .everywhere), ("64:ff9b::a9fe:a9fe", nil), ("2002:7f00:1::1", .loopback),
        ("2002:c0a8:101::1", .nearby), ("2002:101:101::1", .everywhere), ("2002:a9fe:a9fe::1", nil),
    ]

    @Test(arguments: addresses)
    func `depends on the block that contains it`(_ text: String, _ range: AddressRange?) throws {
        #expect(AddressRange(try bytes(text)) == range)
    }

    @Test func `does not exist for anything else`() {
        for count in [0, 3, 5, 15, 17] { #expect(AddressRange([UInt8](repeating: 1, count: count)) == nil) }
    }
}

@Suite struct `A host that a resource names` {
    /// The addresses of the table's names. Lookups are counted.
    private final class Names: Sendable {
        static let known = [
            "mcp.example.com": ["93.184.216.34", "2606:2800::1"], "mcp.corp.example": ["10.1.2.3"],
            "mcp.hosts.example": ["127.0.0.1"], "mixed.example": ["10.1.2.3", "93.184.216.34"],
            "login.example.com": ["93.184.216.35"], "six.example.com": ["2a00:1::5"],
            "login.corp.example": ["10.9.9.9"],
            "trap.example": ["93.184.216.36", "127.0.0.1"], "trap2.example": ["10.0.0.1", "93.184.216.36"],
            "cloud.example": ["169.254.169.254"], "self.example": ["127.0.0.1"],
            "translated.example": ["64:ff9b::7f00:1"],
            "10.9.9.9": ["10.9.9.9"], "[fd00::1]": ["fd00::1"], "127.0.0.1": ["127.0.0.1"], "localhost": ["127.0.0.1"],
        ]
        let asked = Mutex<[String]>([])

        func addresses(of host: String) throws(OAuthError) -> [[UInt8]] {
            asked.withLock { $0.append(host) }
            let found = (Self.known[host] ?? []).compactMap { try? bytes($0) }
            if found.isEmpty { throw .unreachable(host: host, reason: "its name was not found") }
            return found
        }
    }

    private func address(
        for url: String, of resource: String, names: Names = Names(), isPrivateAllowed: Bool = false
    ) async throws -> Result<String?, OAuthError> {
        let (url, resource) = (try EndpointURL(url), try EndpointURL(resource))
        let reach = isPrivateAllowed ? Reach.privateNetworks(of: resource) : .asPublicAs(resource)
        do throws(OAuthError) {
            return .success(
                try await reach.addresses(for: url, by: { host throws(OAuthError) in try names.addresses(of: host) })
                    .first)
        } catch {
            return .failure(error)
        }
    }

    /// A resource, the URL that it names, and the address to connect to.
    static let allowed: [(String, String, String?)] = [
        ("https://mcp.example.com/mcp", "https://login.example.com/x", "93.184.216.35"),
        ("https://mcp.example.com/mcp", "https://six.example.com/x", "2a00:1:0:0:0:0:0:5"),
        ("https://mcp.corp.example/mcp", "https://login.corp.example/x", "10.9.9.9"),
        ("https://mcp.corp.example/mcp", "https://10.9.9.9/x", "10.9.9.9"),
        ("https://mcp.corp.example/mcp", "https://[fd00::1]/x", "fd00:0:0:0:0:0:0:1"),
        ("https://mcp.corp.example/mcp", "https://login.example.com/x", "93.184.216.35"),
        ("https://mcp.hosts.example/mcp", "https://login.corp.example/x", "10.9.9.9"),
        ("http://127.0.0.1:8000/mcp", "http://127.0.0.1:9000/x", "127.0.0.1"),
        ("http://localhost:8000/mcp", "https://self.example/x", "127.0.0.1"),
        ("http://127.0.0.1:8000/mcp", "https://login.example.com/x", "93.184.216.35"),
        // Its own origin needs no permission
        ("https://mcp.hosts.example/mcp", "https://mcp.hosts.example/x", nil),
    ]

    @Test(arguments: allowed)
    func `may be as near as the resource, and is connected to at the checked address`(
        _ resource: String, _ url: String, _ expected: String?
    ) async throws {
        let names = Names()
        let result = try await address(for: url, of: resource, names: names)
        #expect(result == .success(expected))
        // A second lookup could return another address.
        let host = try EndpointURL(url).host
        #expect(names.asked.withLock { $0.filter { $0 == host }.count } == (expected == nil ? 0 : 1))
    }

    static let refused = [
        ("https://mcp.example.com/mcp", "https://login.corp.example/x"),
        ("https://mcp.example.com/mcp", "https://10.9.9.9/x"),
        ("https://mcp.example.com/mcp", "https://[fd00::1]/x"),
        ("https://mcp.example.com/mcp", "https://self.example/x"),
        ("https://mcp.example.com/mcp", "http://127.0.0.1:9000/x"),
        ("https://mcp.example.com/mcp", "http://localhost/x"),
        // One forbidden address is enough, in any position
        ("https://mcp.example.com/mcp", "https://trap.example/x"),
        ("https://mcp.example.com/mcp", "https://trap2.example/x"),
        ("https://mcp.example.com/mcp", "https://translated.example/x"),
        // Addresses of both this machine and other hosts
        ("https://mixed.example/mcp", "https://login.corp.example/x"),
        // Only loopback URLs may lead to loopback, even if a resolver says otherwise
        ("https://mcp.corp.example/mcp", "https://self.example/x"),
        ("https://mcp.corp.example/mcp", "http://127.0.0.1:9/x"),
        ("https://mcp.hosts.example/mcp", "https://self.example/x"),
        // Never allowed
        ("https://mcp.example.com/mcp", "https://cloud.example/x"),
        ("http://127.0.0.1:8000/mcp", "https://cloud.example/x"),
    ]

    @Test(.counted(.hostileServers), arguments: refused)
    func `is refused if it is nearer than the resource`(_ resource: String, _ url: String) async throws {
        let error = OAuthError.addressTooNear(host: try EndpointURL(url).host, resource: try EndpointURL(resource).host)
        #expect(try await address(for: url, of: resource) == .failure(error))
    }

    static let allowedInPrivate = [
        ("https://mcp.example.com/mcp", "https://login.corp.example/x"),
        ("https://mcp.example.com/mcp", "https://10.9.9.9/x"),
        ("https://mcp.example.com/mcp", "https://[fd00::1]/x"),
        ("https://mcp.example.com/mcp", "https://trap2.example/x"),
    ]

    @Test(arguments: allowedInPrivate)
    func `may be in a private network if the user has agreed`(_ resource: String, _ url: String) async throws {
        guard case .success(.some) = try await address(for: url, of: resource, isPrivateAllowed: true) else {
            Issue.record("it is not gone to")
            return
        }
    }

    static let neverAllowed = [
        "https://self.example/x", "http://127.0.0.1:9/x", "https://trap.example/x", "https://cloud.example/x",
        "https://translated.example/x",
    ]

    @Test(.counted(.hostileServers), arguments: neverAllowed)
    func `must not be this machine or a cloud's metadata address, even if the user has agreed to private networks`(
        _ url: String
    ) async throws {
        let error = OAuthError.addressTooNear(host: try EndpointURL(url).host, resource: "mcp.example.com")
        let result = try await address(for: url, of: "https://mcp.example.com/mcp", isPrivateAllowed: true)
        #expect(result == .failure(error))
    }

    /// Names whose addresses change, as in DNS rebinding.
    @Test(.counted(.hostileServers)) func `is checked again at each lookup`() async throws {
        let answers = Mutex(["93.184.216.35", "127.0.0.1"])
        let reach = Reach.asPublicAs(try EndpointURL("https://mcp.example.com/mcp"))
        let url = try EndpointURL("https://login.example.com/token")
        let resolution: NameResolution = { host throws(OAuthError) in
            guard host == url.host else { return [[93, 184, 216, 34]] }
            let text = answers.withLock { $0.removeFirst() }
            return [HostName.bytes(text) ?? []]
        }
        #expect(try await reach.addresses(for: url, by: resolution) == ["93.184.216.35"])
        await #expect(throws: OAuthError.addressTooNear(host: url.host, resource: "mcp.example.com")) {
            try await reach.addresses(for: url, by: resolution)
        }
    }

    /// A resource, the URL that it names (through a proxy), and whether it is allowed.
    static let proxied: [(String, String, Bool)] = [
        ("https://mcp.example.com/mcp", "https://login.example.com/x", true),
        // A name that only the proxy can resolve
        ("https://mcp.example.com/mcp", "https://login.corp.example/x", true),
        ("https://nowhere.example/mcp", "https://nowhere.else.example/x", true),
        ("https://mcp.example.com/mcp", "https://93.184.216.35/x", true),
        ("https://mcp.example.com/mcp", "https://[2a00::1]/x", true),
        ("https://mcp.example.com/mcp", "https://10.9.9.9/x", false),
        ("https://mcp.example.com/mcp", "https://192.168.0.1/x", false),
        ("https://mcp.example.com/mcp", "https://[fd00::1]/x", false),
        ("https://mcp.example.com/mcp", "https://[2002:7f00:1::1]/x", false),
        ("https://mcp.example.com/mcp", "https://127.0.0.1/x", false),
        ("https://mcp.example.com/mcp", "https://[::1]/x", false),
        ("https://mcp.example.com/mcp", "https://localhost/x", false),
        ("https://mcp.example.com/mcp", "https://gate.localhost/x", false),
        ("https://nowhere.example/mcp", "https://10.9.9.9/x", false),
        ("https://mcp.corp.example/mcp", "https://10.9.9.9/x", true),
        ("https://mcp.corp.example/mcp", "https://127.0.0.1/x", false),
    ]

    @Test(.counted(.hostileServers), arguments: proxied)
    func `is checked by its name alone if a proxy resolves it`(
        _ resource: String, _ url: String, _ isAllowed: Bool
    ) async throws {
        let (resource, url, names) = (try EndpointURL(resource), try EndpointURL(url), Names())
        var failure: OAuthError?
        do {
            try await Reach.asPublicAs(resource).checkBeforeProxy(url) { host throws(OAuthError) in
                try names.addresses(of: host)
            }
        } catch {
            failure = error
        }
        #expect(failure == (isAllowed ? nil : .addressTooNear(host: url.host, resource: resource.host)))
    }

    /// Spellings by which a proxy or a resolver could be led to this machine.
    static let spellings = [
        "https://0x7f.1/", "https://0x7f000001/", "https://0177.0.0.1/", "https://127.1/", "https://2130706433/",
        "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[::127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://169.254.169.254/", "https://[fe80::1]/", "https://0.0.0.0/", "https://[::]/", "https://127.0.0.1./",
    ]

    @Test(.counted(.hostileServers), arguments: spellings)
    func `is invalid in an unusual spelling`(_ url: String) {
        #expect(throws: EndpointURL.ParsingError.invalidHost) { try EndpointURL(url) }
    }

    @Test func `is unreachable if it does not exist`() async throws {
        let error = OAuthError.unreachable(host: "nowhere.example", reason: "its name was not found")
        let result = try await address(for: "https://nowhere.example/", of: "https://mcp.example.com/")
        #expect(result == .failure(error))
    }

    @Test func `is checked in every request`() async throws {
        let resource = try EndpointURL("https://mcp.example.com/mcp")
        let server = ScriptedTransport([:])
        let transport = ReachingTransport(server, reach: .asPublicAs(resource))
        _ = try await transport.send(HTTPRequest(get: resource))
        #expect(server.requests.map(\.reach) == [.asPublicAs(resource)])
        #expect(HTTPRequest(get: resource).reach == .anywhere)
    }
}

/// The same tests with real connections.
@Suite(.timeLimit(.minutes(1)))
struct `The transport and checked addresses` {
    private static let host = "login.example.test"

    /// Sends a request to `host`, which resolves to this machine, on behalf of a resource.
    private func ask(_ server: ScriptedServer, for resource: String, trusting file: String) async throws -> Int {
        var settings = NetworkSettings(environment: [:])
        settings.authorities = file
        let transport = AsyncHTTPTransport(
            settings: { [settings] _ in settings }, deadline: .seconds(30),
            resolution: { host throws(OAuthError) in [host == Self.host ? [127, 0, 0, 1] : [93, 184, 216, 34]] })
        var request = HTTPRequest(get: try EndpointURL("https://LOGIN.example.test:\(server.port)/x?y"))
        request.reach = .asPublicAs(try EndpointURL(resource))
        do {
            let status = try await transport.send(request).status
            await transport.shutdown()
            return status
        } catch {
            await transport.shutdown()
            throw error
        }
    }

    @Test func `connect to the checked address with the requested name`() async throws {
        try await TestCertificate.lend(for: "DNS:\(Self.host)") { certificate in
            let file = certificate.file
            try await ScriptedServer.run(tls: certificate.context, { _ in .http(200, "{}") }) { server in
                let status = try await ask(server, for: "http://127.0.0.1:1/mcp", trusting: file)
                #expect(status == 200)
                #expect(server.requests.first?.hasPrefix("GET /x?y HTTP/1.1\r\n") == true)
            }
        }
    }

    @Test(.counted(.hostileServers)) func `make no connection if the address is nearer than the resource`() async throws
    {
        try await TestCertificate.lend(for: "DNS:\(Self.host)") { certificate in
            let file = certificate.file
            try await ScriptedServer.run(tls: certificate.context, { _ in .http(200, "{}") }) { server in
                await #expect(throws: OAuthError.addressTooNear(host: Self.host, resource: "mcp.example.com")) {
                    try await ask(server, for: "https://mcp.example.com/mcp", trusting: file)
                }
                #expect(server.requests.isEmpty)
            }
        }
    }

    @Test(.counted(.hostileServers)) func `make no connection if the certificate has another name`() async throws {
        try await TestCertificate.lend(for: "DNS:other.example") { certificate in
            let file = certificate.file
            try await ScriptedServer.run(tls: certificate.context, { _ in .http(200, "{}") }) { server in
                await #expect(
                    throws: OAuthError.untrusted(host: Self.host, reason: .otherName)
                ) { try await ask(server, for: "http://127.0.0.1:1/mcp", trusting: file) }
                #expect(server.requests.isEmpty)
            }
        }
    }

    @Test func `try another address of the host if the first has no listener`() async throws {
        try await ScriptedServer.run({ _ in .http(200, "{}") }) { server in
            let transport = AsyncHTTPTransport(
                settings: { _ in NetworkSettings(environment: [:]) }, deadline: .seconds(30),
                resolution: { _ throws(OAuthError) in [HostName.ipv6Loopback, [127, 9, 9, 9], [127, 0, 0, 1]] })
            var request = HTTPRequest(post: Secret("code=c"), to: try EndpointURL("http://localhost:\(server.port)/x"))
            request.reach = .asPublicAs(try EndpointURL("http://127.0.0.1:1/mcp"))
            #expect(try await transport.send(request).status == 200)
            #expect(server.requests.count == 1)
            await transport.shutdown()
        }
    }

    @Test func `report the reach that a server needs`() async throws {
        let transport = AsyncHTTPTransport(
            settings: { _ in NetworkSettings(environment: [:]) }, deadline: .seconds(30),
            resolution: { host throws(OAuthError) in
                switch host {
                case "mcp.example.com", "login.example.com": return [[93, 184, 216, 34]]
                case "login.corp.example": return [[10, 9, 9, 9]]
                case "self.example": return [[127, 0, 0, 1]]
                default: throw .unreachable(host: host, reason: "its name was not found")
                }
            })
        let resource = try EndpointURL("https://mcp.example.com/mcp")
        func needed(_ url: String) async throws -> Reach {
            try await transport.reach(neededFor: try EndpointURL(url), of: resource)
        }
        #expect(try await needed("https://login.example.com") == .asPublicAs(resource))
        #expect(try await needed("https://login.corp.example") == .privateNetworks(of: resource))
        #expect(try await needed("https://nowhere.example") == .asPublicAs(resource))
        await #expect(throws: OAuthError.addressTooNear(host: "self.example", resource: "mcp.example.com")) {
            try await needed("https://self.example")
        }
        await transport.shutdown()
    }

    @Test func `use the system's resolver outside of tests`() async throws {
        #expect(try await SystemNameResolution.addresses(of: "127.0.0.1") == [[127, 0, 0, 1]])
        #expect(try await SystemNameResolution.addresses(of: "[::1]") == [HostName.ipv6Loopback])
        await #expect(throws: OAuthError.unreachable(host: "nowhere..invalid", reason: "its name was not found")) {
            try await SystemNameResolution.addresses(of: "nowhere..invalid")
        }
    }
}
