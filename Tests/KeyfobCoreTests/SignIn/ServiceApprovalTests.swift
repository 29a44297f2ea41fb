import Addresses
import CredentialProtocol
import OAuth
import TestSupport
import Testing

@testable import KeyfobCore

/// A service that nobody configured: keyfob sends it no request before the user has said yes.
@Suite(.timeLimit(.minutes(1))) struct `An unknown service` {
    private typealias Bench = ServiceApprovalBench

    private static func service() throws -> ServiceURL { try ServiceURL(Bench.service) }

    // MARK: Whether keyfob asks

    /// A setting, and whether the service proposes a sign-in. keyfob must not ask in any of them.
    private static let silent: [(String, Bench.Setting, Bool)] = [
        ("a service that proposes nothing", .init(), false),
        ("nobody at a terminal", .init(hasTerminal: false), true),
        ("nobody may be asked", .init(interaction: .never), true),
        ("git's settings decline", .init(gitDeclines: true), true),
    ]

    @Test(arguments: silent.indices)
    func `is left alone if keyfob must not ask`(_ index: Int) async throws {
        let (name, setting, proposes) = Self.silent[index]
        try await Bench.run(setting) { bench async throws in
            let answer = try await bench.serviceApproval().approving(try Bench.request(proposes: proposes)) { _ in true
            }
            #expect(answer == nil, "\(name)")
            #expect(bench.person.asked.isEmpty, "\(name)")
            #expect(bench.transport.requests.isEmpty, "\(name)")
        }
    }

    @Test func `is left alone without TLS`() async throws {
        try await Bench.run(.init(answers: [true, true])) { bench async throws in
            let request = try Bench.request("http://notes.example.com/mcp")
            #expect(try await bench.serviceApproval().approving(request) { _ in true } == nil)
            #expect(bench.person.asked.isEmpty)
        }
    }

    // MARK: The user's answers

    @Test func `gets no request before a yes, and its server none before another yes`() async throws {
        let elsewhere = ServiceApproval.Question.elsewhere(try Self.service(), server: "https://login.example.com")
        let rows: [(answers: [Bool], asked: [ServiceApproval.Question], requests: Int)] = [
            ([false], [.signIn(try Self.service())], 0),
            ([true, false], [.signIn(try Self.service()), elsewhere], 1),
        ]
        for row in rows {
            try await Bench.run(.init(answers: row.answers)) { bench async throws in
                let answer = try await bench.serviceApproval().approving(try Bench.request()) { _ in
                    Issue.record("signed in without a yes")
                }
                // The user's no is not an error: git may still ask for a password.
                #expect(answer == nil)
                #expect(bench.person.asked == row.asked)
                #expect(bench.transport.requests.count == row.requests)
                #expect(try bench.approved.isEmpty)
            }
        }
    }

    @Test func `leads into a private network only after a yes to that network`() async throws {
        let nearby = ServiceApproval.Question.nearby(try Self.service(), server: "https://login.example.com")
        for answers in [[true, false], [true, true]] {
            try await Bench.run(.init(answers: answers, isPrivate: true)) { bench async throws in
                let account = try await bench.serviceApproval().approving(try Bench.request()) { $0 }
                #expect(bench.person.asked == [.signIn(try Self.service()), nearby])
                let url = try EndpointURL(Bench.service)
                #expect(account?.addresses == (answers[1] ? .privateNetworks(of: url) : nil))
                #expect(try bench.approved.map(\.reach) == (answers[1] ? [.privateNetworks] : []))
            }
        }
    }

    @Test func `is stored with its reach, so that its server may never be nearer to this machine`() async throws {
        try await Bench.run(.init(answers: [true, true])) { bench async throws in
            let account = try await bench.serviceApproval().approving(try Bench.request()) { $0 }
            #expect(account?.addresses == .asPublicAs(try EndpointURL(Bench.service)))
            #expect(try bench.approved.map(\.reach) == [.service])
        }
    }

    @Test func `that the user has configured leads into a private network only after a yes to that network`()
        async throws
    {
        let configuration = "[host.\"\(Bench.service)\"]\nscopes = [\"read\"]\n"
        let tooNear = OAuthError.addressTooNear(host: "login.example.com", resource: "notes.example.com")
        let setting = Bench.Setting(configuration: configuration, isPrivate: true)
        try await Bench.run(setting) { bench async throws in
            await #expect(throws: tooNear) {
                try await bench.serviceApproval().approving(try Bench.request()) { _ in
                    Issue.record("signed in without a yes")
                }
            }
            #expect(try bench.approved.isEmpty)
        }
        var agreeing = setting
        agreeing.answers = [true]
        try await Bench.run(agreeing) { bench async throws in
            #expect(try await bench.serviceApproval().approving(try Bench.request()) { _ in true } == true)
            #expect(try bench.approved.map(\.reach) == [.privateNetworks])
        }
    }

    @Test func `needs one question if its server is on its own origin`() async throws {
        try await Bench.run(.init(answers: [true], servers: [Bench.origin])) { bench async throws in
            let server = try await bench.serviceApproval().approving(try Bench.request()) { $0.server }
            #expect(server == .issuer(Bench.origin))
            #expect(bench.person.asked.count == 1)
        }
    }

    @Test func `is approved after the sign-in, with the finding`() async throws {
        try await Bench.run(.init(answers: [true, true])) { bench async throws in
            var account = try await bench.serviceApproval().approving(try Bench.request()) { account async throws in
                #expect(try bench.approved.isEmpty)
                return account
            }
            // The sign-in itself stores the approval before it stores the grant
            #expect(account?.approval?.service.description == Bench.service)
            account?.approval = nil
            #expect(account?.server == .issuer("https://login.example.com"))
            #expect(account?.resource == Bench.service)
            #expect(account?.scopes == ["read"])
            let known = try bench.serviceApproval().accounts.configuredAccount(for: try Bench.request())
            #expect(known == account)
        }
    }

    @Test func `stays unknown if the sign-in failed`() async throws {
        try await Bench.run(.init(answers: [true, true])) { bench async throws in
            await #expect(throws: OAuthError.cancelled) {
                try await bench.serviceApproval().approving(try Bench.request()) { _ in throw OAuthError.cancelled }
            }
            #expect(try bench.approved.isEmpty)
        }
    }

    // MARK: Many callers at once

    @Test func `needs one question for many callers at once`() async throws {
        try await Bench.run(.init(answers: [true, true])) { bench async throws in
            let issuers = try await withThrowingTaskGroup(of: Account.ServerLocation?.self) { group in
                for _ in 0..<12 {
                    group.addTask {
                        try await bench.serviceApproval().approving(try Bench.request()) { $0.server }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(issuers == Array(repeating: .issuer("https://login.example.com"), count: 12))
            #expect(bench.person.asked.count == 2)
            #expect(bench.transport.requests.count == 1)
        }
    }

    /// The error of the holder of the lock while another caller waits; the number of questions to that caller.
    @Test(
        arguments: [
            (OAuthError.cancelled, 0), (.unreachable(host: "login.example.com", reason: "down"), 2),
        ] as [(OAuthError, Int)])
    func `is a no to the waiting callers, except after a network error`(_ error: OAuthError, _ more: Int) async throws {
        try await Bench.run(.init(answers: [true, true, true, true])) { bench async throws in
            let (first, second) = (try bench.serviceApproval(), try bench.serviceApproval())
            let request = try Bench.request()
            var waiting: Task<Bool?, any Error>?
            await #expect(throws: error) {
                try await first.approving(request) { _ in
                    let executor = CountingExecutor()
                    waiting = Task(executorPreference: executor) { try await second.approving(request) { _ in true } }
                    // The task is ready once when it starts, and again only after it has found the lock held.
                    while executor.jobs < 2 { await Task.yield() }
                    throw error
                }
            }
            #expect(try await waiting?.value == (more == 0 ? nil : true))
            #expect(bench.person.asked.count == 2 + more)
        }
    }

    // MARK: A configured service without a server

    @Test func `needs no question if the configuration lacks only its server`() async throws {
        let toml = "[host.\"https://notes.example.com\"]\nscopes = [\"write\"]\naccount = \"alice\"\n"
        try await Bench.run(.init(configuration: toml, hasTerminal: false)) { bench async throws in
            let account = try await bench.serviceApproval().approving(try Bench.request(proposes: false)) { $0 }
            #expect(bench.person.asked.isEmpty)
            #expect(account?.server == .issuer("https://login.example.com"))
            // The metadata of one path decide for that path. The configuration of the whole origin counts for it too.
            #expect(account?.service == (try ServiceURL(Bench.service)))
            #expect(try bench.approved.map(\.service) == [try ServiceURL(Bench.service)])
            let later = try bench.serviceApproval().accounts.configuredAccount(for: try Bench.request(proposes: false))
            #expect(later?.id == account?.id)
            #expect(account?.scopes == ["write"])
            #expect(account?.name == "alice")
        }
        try await Bench.run(.init(configuration: toml, interaction: .never)) { bench async throws in
            let needed = CredentialFailure.signInNeeded(
                service: try ServiceURL(Bench.origin), account: "alice", because: .noGrant)
            await #expect(throws: needed) {
                try await bench.serviceApproval().approving(try Bench.request()) { _ in true }
            }
            #expect(bench.transport.requests.isEmpty)
        }
    }

    // MARK: A service that the user names

    /// Adds an approval of the service, with its server and the user's own client.
    private static func approve(_ bench: Bench, issuer: String = "https://login.example.com") throws {
        var host = Configuration.Host(service: try service())
        host.issuer = issuer
        host.clientID = "mine"
        host.scopes = ["old"]
        host.resource = .uri(Bench.service)
        try bench.approvals.add(host)
    }

    @Test func `needs no question if the user named it`() async throws {
        try await Bench.run(.init(interaction: .never, hasTerminal: false)) { bench async throws in
            let serviceApproval = try bench.serviceApproval()
            let (account, finding) = try await serviceApproval.accountByName(for: try Bench.request(), anew: false)
            #expect(account.server == .issuer("https://login.example.com"))
            #expect(bench.person.asked.isEmpty)
            // Finding a server does not approve it.
            #expect(try bench.approved.isEmpty)
            try serviceApproval.approve(try #require(finding).host)
            let known = try await bench.serviceApproval().accountByName(for: try Bench.request(), anew: false)
            #expect(known.account == account)
            #expect(known.finding == nil)
            #expect(bench.transport.requests.count == 1)
        }
    }

    @Test func `is looked up again if the user signs in again, and keeps its client`() async throws {
        try await Bench.run { bench async throws in
            try Self.approve(bench)
            let (account, finding) = try await bench.serviceApproval()
                .accountByName(for: try Bench.request(proposes: false), anew: true)
            #expect(bench.person.asked.isEmpty)
            #expect(account.client == Client(id: "mine"))
            #expect(account.scopes == ["read"])
            #expect(finding?.host.clientID == "mine")
        }
    }

    // RFC 9728 section 7.6, CVE-2026-104850: the service must not choose which server gets the data of its first
    // server.
    @Test(arguments: [false, true]) func `changes its server only after a yes`(_ isAgreed: Bool) async throws {
        try await Bench.run(.init(answers: [isAgreed])) { bench async throws in
            try Self.approve(bench, issuer: "https://first.example")
            let serviceApproval = try bench.serviceApproval()
            do {
                let found = try await serviceApproval.accountByName(for: try Bench.request(), anew: true)
                #expect(isAgreed)
                #expect(found.account.server == .issuer("https://login.example.com"))
                #expect(found.finding?.host.server == .issuer("https://login.example.com"))
                // The second server does not get the client of the first one.
                #expect(found.account.client == nil)
                #expect(found.finding?.host.clientID == nil)
            } catch CredentialFailure.issuerChanged(let service, let from, let to) {
                #expect(!isAgreed)
                #expect(service == (try Self.service()))
                #expect((from, to) == ("https://first.example", "https://login.example.com"))
            }
            #expect(try bench.person.asked == [.elsewhere(Self.service(), server: "https://login.example.com")])
            // Without a new lookup, the first server stays.
            let known = try await serviceApproval.accountByName(for: try Bench.request(), anew: false)
            #expect(known.account.server == .issuer("https://first.example"))
        }
    }

    @Test func `keeps its server among several, if it still names it`() async throws {
        try await Bench.run(.init(servers: ["https://a.example", "https://b.example"])) { bench async throws in
            try Self.approve(bench, issuer: "https://b.example")
            let found = try await bench.serviceApproval().accountByName(for: try Bench.request(), anew: true)
            #expect(found.account.server == .issuer("https://b.example"))
            #expect(bench.person.asked.isEmpty)
        }
    }

    @Test func `is not looked up if its server is configured`() async throws {
        let toml = "[host.\"\(Bench.service)\"]\nissuer = \"https://mine.example\"\n"
        try await Bench.run(.init(configuration: toml)) { bench async throws in
            try Self.approve(bench)
            let found = try await bench.serviceApproval().accountByName(for: try Bench.request(), anew: true)
            #expect(found.account.server == .issuer("https://mine.example"))
            #expect(found.finding == nil)
            #expect(bench.transport.requests.isEmpty)
        }
    }

    @Test func `keeps its configuration, whatever its metadata say`() async throws {
        let toml = "[host.\"\(Bench.service)\"]\nscopes = [\"write\"]\nresource = false\n"
        try await Bench.run(.init(configuration: toml)) { bench async throws in
            for _ in 0..<2 {
                let found = try await bench.serviceApproval().accountByName(for: try Bench.request(), anew: true)
                #expect(found.account.scopes == ["write"])
                #expect(found.account.resource == nil)
                try bench.serviceApproval().approve(try #require(found.finding).host)
            }
        }
    }
}
