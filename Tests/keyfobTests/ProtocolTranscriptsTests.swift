import FoundationEssentials
import Testing

/// The transcripts of protocol.md, as far as they can be checked without running anything.
@Suite struct `The transcripts of protocol.md` {
    /// The page, which the tests that run the transcripts use too.
    static func page() throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: "protocol.md"), encoding: .utf8)
    }

    @Test func `They are well formed and begin with a configuration`() throws {
        #expect(try Transcript.all(in: Self.page()).count > 20)
        #expect(try Transcript.configuration(in: Self.page())?.contains("https://git.example.com") == true)
    }

    @Test func `No failure writes to standard output`() throws {
        for transcript in try Transcript.all(in: Self.page()) where transcript.status != 0 {
            #expect(transcript.stdout.isEmpty, "line \(transcript.line)")
            #expect(transcript.stderr.starts(with: "keyfob: ".utf8), "line \(transcript.line)")
        }
    }

    @Test func `In git's dialect there is no output if there is no credential`() throws {
        for transcript in try Transcript.all(in: Self.page())
        where transcript.command.first == "git-credential-keyfob" && transcript.status == 0 {
            #expect(transcript.stderr.isEmpty, "line \(transcript.line)")
        }
    }
}
