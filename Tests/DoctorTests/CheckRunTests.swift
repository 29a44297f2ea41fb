import FoundationEssentials
import Synchronization
import Testing

@testable import Doctor

/// A run skips or delays a check because of other checks.
@Suite(.timeLimit(.minutes(1))) struct `A run of checks` {
    private static let ids = Checks.all.map(\.id)

    /// Runs the checks without their time limits, which many tests on a busy machine would exceed. Those in `findings`
    /// find that, and all others find nothing wrong.
    private func run(_ findings: [String: Finding]) async -> [CheckRun.Result] {
        await CheckRun(
            Checks.all(hasService: true, refreshes: true), deadline: .seconds(50), limit: { _ in .seconds(50) }
        ) { findings[$0.id] ?? .ok("fine") }.run()
    }

    @Test func `has each check after the checks that it needs or follows`() {
        for (index, check) in Checks.all.enumerated() {
            #expect(Set(Self.ids[..<index]).isSuperset(of: check.needs + check.follows), "\(check.id)")
        }
    }

    @Test func `has the checks of appendix B of the protocol, in the same order`() throws {
        let root = URL(filePath: #filePath).appending(path: "../../../protocol.md").standardized
        let page = String(decoding: try Data(contentsOf: root), as: UTF8.self)
        let appendix = try #require(page.split(separator: "## Appendix B.").last)
        let rows = appendix.split(separator: "\n").filter { $0.hasPrefix("| `") }
        #expect(rows.compactMap { $0.split(separator: "`").dropFirst().first.map(String.init) } == Self.ids)
    }

    @Test func `reports the checks in their order`() async {
        #expect(await run([:]).map(\.id) == Self.ids)
    }

    @Test func `without a service has no check of a service`() {
        let without = Checks.all(hasService: false, refreshes: true).map(\.id)
        #expect(without == Array(Self.ids.prefix { $0 != "address" }))
        #expect(!Checks.all(hasService: true, refreshes: false).map(\.id).contains("refresh"))
    }

    static let failures: [(String, Set<String>)] = [
        ("bus", ["provider", "collection", "writable", "session-collection"]),
        ("collection", ["writable"]),
        ("store", ["grant", "refresh"]),
        ("kernel-keyring", ["kernel-quota"]),
        ("runtime-directory", ["locks", "refresh"]),
        (
            "configuration",
            [
                "sign-in", "address", "service", "issuer", "metadata", "pkce", "http-path", "client", "redirect",
                "authorization",
                "grant",
                "token", "refresh",
            ]
        ),
        ("address", ["service"]),
        ("metadata", ["pkce", "client", "authorization"]),
        ("grant", ["refresh"]),
        ("clock", []),
    ]

    @Test(arguments: failures)
    func `skips the checks that need a failed one, and names it`(_ failed: String, _ skipped: Set<String>) async {
        let results = await run([failed: .failed("no", hints: [], exitStatus: 69)])
        #expect(Set(results.filter { $0.finding.status == .skipped }.map(\.id)) == skipped)
        #expect(results.allSatisfy { $0.finding.status != .skipped || $0.finding.because == failed })
        #expect(CheckRun.exitStatus(of: results) == 69)
    }

    @Test func `skips nothing after a warning, and ends with status 0`() async {
        let results = await run(["collection": .warning("so so", hints: [])])
        #expect(!results.contains { $0.finding.status == .skipped })
        #expect(CheckRun.exitStatus(of: results) == 0)
    }

    @Test func `ends with the exit status of the first failed check in the order of the report`() async {
        let results = await run([
            "clock": .failed("late", hints: [], exitStatus: 75), "grant": .failed("none", hints: [], exitStatus: 77),
        ])
        #expect(CheckRun.exitStatus(of: results) == 75)
    }

    @Test func `runs a check after the checks that it follows`() async {
        let seen = Mutex<[String]>([])
        _ = await CheckRun(
            [MetadataCheck(), ClockCheck()], deadline: .seconds(50), limit: { _ in .seconds(50) }
        ) { check in
            if check.id == "metadata" { for _ in 0..<5 { await Task.yield() } }
            seen.withLock { $0.append(check.id) }
            return .ok("fine")
        }.run()
        #expect(seen.withLock { $0 } == ["metadata", "clock"])
    }

    @Test func `does not wait for a check that never ends`() async {
        let hanging = Mutex<CheckedContinuation<Void, Never>?>(nil)
        let results = await CheckRun([BusCheck(), ProviderCheck()], deadline: .milliseconds(100)) { _ in
            await withCheckedContinuation { continuation in hanging.withLock { $0 = continuation } }
            return .ok("fine")
        }.run()
        hanging.withLock { $0 }?.resume()
        #expect(results.map(\.finding.status) == [.failed, .skipped])
        #expect(results[0].finding.exitStatus == 75)
    }
}
