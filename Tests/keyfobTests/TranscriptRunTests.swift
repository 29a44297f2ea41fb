import Testing

@Suite(.timeLimit(.withTurns)) struct `The transcripts of protocol.md, run` {
    @Test func `Each command behaves as written`() async throws {
        let page = try `The transcripts of protocol.md`.page()
        let transcripts = try Transcript.all(in: page)
        let configuration = try #require(try Transcript.configuration(in: page))
        try await KeyfobSession.run { session in
            try session.configure(configuration)
            for transcript in transcripts {
                for difference in try await transcript.differences(running: { try await session.run($0, $1) }) {
                    Issue.record("\(difference)")
                }
            }
        }
    }
}
