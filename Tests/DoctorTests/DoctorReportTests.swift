import FoundationEssentials
import Testing

@testable import Doctor

/// The report, which the user may publish.
@Suite struct `A report` {
    private static let results: [CheckRun.Result] = [
        ("bus", .ok("answers")),
        ("runtime-directory", .ok("/home/alice/run", ["directory": .text("/home/alice/run")])),
        ("grant", .failed("no grant of alice@example.com", hints: ["see /home/alice/x"], exitStatus: 77)),
        ("token", .skipped(because: "grant", "none in memory")),
    ]
    private let report = DoctorReport(results, home: "/home/alice")

    @Test func `has a line for each check in columns, and its hints`() {
        #expect(
            report.lines(emphasises: false) == [
                "ok       bus                answers", "ok       runtime-directory  ~/run",
                "failed   grant              no grant of ...@example.com", "hint: see ~/x",
                "skipped  token              none in memory",
            ])
    }

    @Test func `shows failures in bold on a terminal`() {
        let bold = report.lines(emphasises: true).filter { $0.contains("\u{1B}") }
        #expect(bold == ["\u{1B}[1mfailed \u{1B}[0m  grant              no grant of ...@example.com"])
    }

    @Test func `has the names of appendix B in JSON`() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(report), as: UTF8.self)
        #expect(
            text == #"[{"rung":"bus","status":"ok","summary":"answers"},"#
                + #"{"details":{"directory":"~/run"},"rung":"runtime-directory","status":"ok","summary":"~/run"},"#
                + #"{"mend":["see ~/x"],"rung":"grant","status":"failed","summary":"no grant of ...@example.com"},"#
                + #"{"because":"grant","rung":"token","status":"skipped","summary":"none in memory"}]"#)
    }

    @Test func `does not name the user's accounts`() {
        let words = "you are signed in as alice, bob smith, not as carol; alice.example.com is alice's, malice (alice)"
        let results: [CheckRun.Result] = [
            (
                "grant",
                .failed(
                    words, hints: ["run: keyfob login --account 'bob smith' https://carol.example.com"], exitStatus: 77)
            )
        ]
        let report = DoctorReport(results, home: nil, names: ["alice", "bob smith", "carol", "bob"])
        #expect(
            report.lines(emphasises: false) == [
                "failed  grant  you are signed in as ..., ..., not as ...; alice.example.com is ...'s, malice (...)",
                "hint: run: keyfob login --account '...' https://carol.example.com",
            ])
    }
}
