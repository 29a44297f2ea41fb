import CredentialProtocol
import Files
import Secrets
import Testing

@testable import Forwarding

/// The log of what other machines were given.
@Suite struct LogTests {
    private static func entry(_ outcome: String, host: String = "git.example.com") throws -> LogEntry {
        let question = try AgentQuestion(
            Array("keyfob-agent=1\noperation=get\nprotocol=https\nhost=\(host)\nscope=b a\n\n".utf8))
        return LogEntry(time: 1_800_000_000, destination: "far", question: question, outcome: outcome)
    }

    @Test func `An entry is read as it was written`() throws {
        var entry = try Self.entry("token")
        (entry.username, entry.account, entry.count) = ("alice", "a1", 3)
        #expect(LogEntry(line: Array(entry.line.dropLast())) == entry)
    }

    @Test func `An entry has the account of the answer, and no secret`() throws {
        var entry = try Self.entry("")
        let response = CredentialResponse(
            username: "oauth2", password: Secret("hunter2"), authtype: "Bearer", ephemeral: true,
            state: ["keyfob:account=a1"])
        entry.took(.credential(response, service: nil))
        let text = String(decoding: entry.line, as: UTF8.self)
        #expect(
            text == #"{"account":"a1","destination":"far","operation":"get","outcome":"token","#
                + #""scopes":["a","b"],"service":"https://git.example.com","time":1800000000}"# + "\n")
    }

    @Test(arguments: ["", "{}", "[]", "{\"time\":1}", "no JSON"])
    func `Other lines are no entries`(line: String) {
        #expect(LogEntry(line: Array(line.utf8)) == nil)
    }

    /// The outcomes and counts of what is written.
    private static func written(_ body: (inout LogRecords) throws -> Void) rethrows -> [String] {
        let written = Lines()
        var records = LogRecords { written.lines.append($0.outcome + " \($0.count)") }
        try body(&records)
        records.flush(now: 1_000)
        return written.lines
    }

    private final class Lines { var lines: [String] = [] }

    @Test func `Each answer has an entry`() throws {
        let lines = try Self.written { records in
            for _ in 1...3 { records.add(try Self.entry("token"), isRefusal: false, now: 0) }
        }
        #expect(lines == ["token 1", "token 1", "token 1"])
    }

    @Test func `Equal refusals in a row are counted`() throws {
        let lines = try Self.written { records in
            for now in 0...5 { records.add(try Self.entry("declined"), isRefusal: true, now: Int64(now)) }
            records.add(try Self.entry("declined", host: "b.example.com"), isRefusal: true, now: 6)
            records.add(try Self.entry("token"), isRefusal: false, now: 7)
        }
        #expect(lines == ["declined 1", "declined 5", "declined 1", "token 1"])
    }

    @Test func `A flood of refusals is one entry a minute`() throws {
        let lines = try Self.written { records in
            for number in 0..<5_000 {
                records.add(try Self.entry("not_allowed", host: "h\(number).example.com"), isRefusal: true, now: 61)
            }
        }
        #expect(lines.count == 101)
        #expect(lines.last == "not_allowed 4900")
    }

    @Test func `A generation that is full makes room, and one before it is kept`() throws {
        try TemporaryPlace.run { directory in
            let log = ForwardLog(directory: directory + "/log", largest: 100)
            for number in 0..<30 { try log.append(Array("line \(number) of the log\n".utf8)) }
            let texts = try log.files.map {
                String(decoding: try OpenFile(reading: $0).bytes(upTo: 1000), as: UTF8.self)
            }
            #expect(texts.allSatisfy { !$0.isEmpty && $0.utf8.count <= 100 })
            #expect(texts[1].hasSuffix("line 29 of the log\n"))
            #expect(try FileStatus(of: log.files[1]).mode == 0o600)
        }
    }
}
