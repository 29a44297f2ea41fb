import Addresses
import CredentialProtocol
import FoundationEssentials
import Glibc
import OAuth
import TestSupport
import Testing

@testable import KeyfobCore

/// The file `approved.toml`, which keyfob itself writes.
@Suite(.timeLimit(.minutes(1))) struct `The list of approved services` {
    private static func withFile(_ body: (String) async throws -> Void) async throws {
        try await withTemporaryDirectory { try await body($0 + "/state/keyfob/approved.toml") }
    }

    private static func host(_ service: String, issuer: String = "https://l.example") throws -> Configuration.Host {
        var host = Configuration.Host(service: try ServiceURL(service))
        host.issuer = issuer
        return host
    }

    /// The entries that a later process reads, without their file and line.
    private static func read(_ file: String) throws -> [Configuration.Host] {
        try Configuration(files: [file]).hosts.map { host in
            var host = host
            host.sources = [:]
            return host
        }
    }

    @Test func `is read like a configuration file`() async throws {
        try await Self.withFile { file async throws in
            var host = try Self.host("https://notes.example.com/mcp", issuer: "https://l.example/t?x=\"1\"#")
            host.clientID = "id \u{FC} \"quoted\" \\"
            host.scopes = ["a", "b:c"]
            host.offlineAccess = true
            host.resource = .uri("https://notes.example.com/mcp")
            host.provider = "gitlab"
            host.issuer = "https://l.example/t"
            try Approvals(file: file).add(host)
            #expect(try Self.read(file) == [host])
            #expect(try Configuration(files: [file]).hosts.first?.sources["issuer"]?.file == file)
        }
    }

    @Test func `has one entry for each service: the last one`() async throws {
        try await Self.withFile { file async throws in
            let approvals = Approvals(file: file)
            let (one, other) = (try Self.host("https://a.example"), try Self.host("https://a.example/b"))
            var first = one
            first.scopes = ["gone"]
            for host in [first, other, one] { try approvals.add(host) }
            #expect(try Self.read(file).sorted { $0.service.description < $1.service.description } == [one, other])
            #expect(try approvals.remove(one.service))
            #expect(try !approvals.remove(one.service))
            #expect(try Self.read(file) == [other])
        }
    }

    @Test func `stores the approved endpoint hosts for this issuer only`() async throws {
        try await Self.withFile { file async throws in
            let approvals = Approvals(file: file)
            var host = try Self.host("https://a.example")
            host.reach = .service
            host.clientID = "mine"
            try approvals.add(host)
            var account = Account(service: host.service, server: .issuer("https://l.example"), client: nil)
            account.reach = .service
            try approvals.agree(account, hosts: ["tokens.example", "127.0.0.1:4711"])
            host.endpointHosts = ["tokens.example", "127.0.0.1:4711"]
            #expect(try Self.read(file) == [host])
            // A later sign-in writes its findings. The approved hosts stay, and the user is not asked again.
            var again = host
            (again.endpointHosts, again.scopes) = (nil, ["read"])
            try approvals.add(again)
            host.scopes = ["read"]
            #expect(try Self.read(file) == [host])
            // The user has to approve the hosts of another issuer again.
            again.issuer = "https://other.example"
            try approvals.add(again)
            #expect(try Self.read(file).map(\.endpointHosts) == [nil])
        }
    }

    @Test func `is readable by this user only, and so are its new directories`() async throws {
        try await Self.withFile { file async throws in
            try Approvals(file: file).add(try Self.host("https://a.example"))
            for (path, mode) in [(file, 0o600), (String(file.dropLast(14)), 0o700)] {
                #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == mode)
            }
        }
    }

    @Test func `is not created by a removal`() async throws {
        try await Self.withFile { file async throws in
            let service = try ServiceURL("https://a.example")
            #expect(try !Approvals(file: file).remove(service))
            #expect(!FileManager.default.fileExists(atPath: file))
        }
    }

    @Test func `is not changed if it cannot be read`() async throws {
        try await Self.withFile { file async throws in
            try Approvals(file: file).add(try Self.host("https://a.example"))
            let broken = "[host.\"https://a.example\"]\nisuer = \"https://l.example\"\n"
            try write(broken, to: file)
            #expect(throws: ConfigurationError.self) {
                try Approvals(file: file).add(try Self.host("https://b.example"))
            }
            #expect(try String(contentsOfFile: file, encoding: .utf8) == broken)
        }
    }

    // Another user who may write to the directory prepares a link. keyfob must not follow it to another file.
    @Test(.counted(.hostileNeighbours), arguments: [true, false])
    func `is not written through a link that another user has prepared`(_ isSymbolic: Bool) async throws {
        try await Self.withFile { file async throws in
            let approvals = Approvals(file: file)
            let host = try Self.host("https://a.example")
            try approvals.add(host)
            let victim = String(file.dropLast(14)) + "victim"
            try write("mine", to: victim)
            #expect(unsafe (isSymbolic ? symlink(victim, file + ".new") : link(victim, file + ".new")) == 0)
            let other = try Self.host("https://b.example")
            try approvals.add(other)
            #expect(try String(contentsOfFile: victim, encoding: .utf8) == "mine")
            #expect(try Self.read(file).sorted { $0.service.description < $1.service.description } == [host, other])
        }
    }

    @Test func `refuses an entry beyond the number that can be read`() async throws {
        try await Self.withFile { file async throws in
            let approvals = Approvals(file: file)
            let last = try Self.host("https://h0.example")
            try approvals.add(last)
            let entries = (0..<Approvals.mostEntries).map {
                "[host.\"https://h\($0).example\"]\nissuer = \"https://l\"\n"
            }
            try write(entries.joined(), to: file)
            let failure = ConfigurationError(
                file: file, line: nil, key: nil, problem: .full(entries: Approvals.mostEntries))
            let other = try Self.host("https://other.example")
            #expect(throws: failure) { try approvals.refuseIfFull(for: other) }
            #expect(throws: failure) { try approvals.add(other) }
            #expect(try Self.read(file).count == Approvals.mostEntries)
            // A service that has an entry needs no new one. A removal makes room.
            try approvals.add(last)
            try approvals.remove(last.service)
            try approvals.add(other)
            #expect(try Self.read(file).count == Approvals.mostEntries)
        }
    }

    @Test func `refuses an entry that is too large or could not be read`() async throws {
        try await Self.withFile { file async throws in
            let approvals = Approvals(file: file)
            var host = try Self.host("https://a.example")
            host.scopes = [String(repeating: "s", count: Approvals.largestEntry)]
            #expect(throws: ConfigurationError.self) { try approvals.add(host) }
            host.scopes = ["a\u{1}b"]
            #expect(throws: ConfigurationError.self) { try approvals.refuseIfFull(for: host) }
            #expect(throws: ConfigurationError.self) { try approvals.add(host) }
            #expect(try Self.read(file).isEmpty)
        }
    }

    @Test func `reports before a sign-in that the file cannot be written, and names it`() throws {
        // Nobody can create a directory there.
        let approvals = Approvals(file: "/proc/keyfob/state/approved.toml")
        let host = try Self.host("https://a.example")
        let error = #expect(throws: ConfigurationError.self) { try approvals.refuseIfFull(for: host) }
        #expect(error?.file.hasPrefix("/proc") == true)
        #expect(error.map { if case .unwritable = $0.problem { true } else { false } } == true)
    }

    @Test func `is not created in a directory that others may write to`() async throws {
        try await Self.withFile { file async throws in
            let (directory, host) = (String(file.dropLast(14)), try Self.host("https://a.example"))
            try Approvals(file: file).add(host)
            unsafe _ = chmod(directory, 0o777)
            let failure = ConfigurationError(
                file: directory, line: nil, key: nil, problem: .writableByOthers)
            #expect(throws: failure) { try Approvals(file: file).add(try Self.host("https://b.example")) }
        }
    }

    @Test(.counted(.hostileNeighbours), .enabled(if: geteuid() == 0, "only root can give a directory away"))
    func `is not made in a directory of another user`() async throws {
        try await withTemporaryDirectory { directory async throws in
            unsafe _ = chown(directory, 65_534, 65_534)
            let file = directory + "/state/keyfob/approved.toml"
            let failure = ConfigurationError(file: directory, line: nil, key: nil, problem: .ofAnotherUser(65_534))
            #expect(throws: failure) { try Approvals(file: file).add(try Self.host("https://a.example")) }
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
        }
    }

    @Test func `reports no error when a service is removed that an unreadable file does not mention`() async throws {
        try await Self.withFile { file async throws in
            try Approvals(file: file).add(try Self.host("https://a.example"))
            try write("[host.\"https://A.example\"\n", to: file)
            #expect(try !Approvals(file: file).remove(try ServiceURL("https://b.example")))
            #expect(throws: ConfigurationError.self) {
                try Approvals(file: file).remove(try ServiceURL("https://a.example"))
            }
        }
    }

    @Test func `loses nothing if many processes add entries at once`() async throws {
        try await Self.withFile { file async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<32 {
                    group.addTask { try Approvals(file: file).add(try Self.host("https://h\(number).example")) }
                }
                try await group.waitForAll()
            }
            #expect(try Set(Self.read(file).map(\.service.host)) == Set((0..<32).map { "h\($0).example" }))
        }
    }
}
