import Testing

/// The parser of protocol.md's transcripts. Another suite runs them with the built programs.
@Suite struct `Transcripts` {
    private static let document = """
        # Title

        ```toml transcript-session
        [host."https://git.example.com"]
        client_id = "keyfob"
        ```

        ```abnf
        $ = not a transcript
        ```

        ```transcript
        $ keyfob get
        > protocol=https
        > host=a\\x0db\\\\c
        >
        < username=\u{FC}
        ! keyfob: one line
        ! hint: another
        = 65
        ```
        Text.
        ```transcript
        $ git-credential-keyfob capability
        = 0
        ```
        """

    @Test func `Each block marked as a transcript is one exchange`() throws {
        let transcripts = try Transcript.all(in: Self.document)
        var first = Transcript(line: 12, command: ["keyfob", "get"], status: 65)
        first.stdin = Array("protocol=https\nhost=a\rb\\c\n\n".utf8)
        first.stdout = Array("username=\u{FC}\n".utf8)
        first.stderr = Array("keyfob: one line\nhint: another\n".utf8)
        let second = Transcript(line: 23, command: ["git-credential-keyfob", "capability"], status: 0)
        #expect(transcripts == [first, second])
    }

    @Test func `The session's configuration is in the document`() throws {
        let configuration = try Transcript.configuration(in: Self.document)
        #expect(configuration == "[host.\"https://git.example.com\"]\nclient_id = \"keyfob\"\n")
        #expect(try Transcript.configuration(in: "none") == nil)
    }

    private static let malformed: [(lines: [String], line: Int, reason: Transcript.ParsingError.Reason)] = [
        ([], 1, .noCommand),
        (["= 0"], 2, .noCommand),
        (["> a=1", "$ keyfob get", "= 0"], 2, .noCommand),
        (["$ keyfob get"], 1, .noStatus),
        (["$ keyfob get", "$ keyfob get", "= 0"], 3, .secondCommand),
        (["$ keyfob  get", "= 0"], 2, .malformedCommand),
        (["$ keyfob 'get'", "= 0"], 2, .malformedCommand),
        (["$ keyfob get | cat", "= 0"], 2, .malformedCommand),
        (["$", "= 0"], 2, .malformedCommand),
        (["$ keyfob get", "= zero"], 3, .malformedStatus),
        (["$ keyfob get", "= 0", "< late"], 4, .lineAfterStatus),
        (["$ keyfob get", "~ what", "= 0"], 3, .unknownMark),
        (["$ keyfob get", "", "= 0"], 3, .unknownMark),
        (["$ keyfob get", ">a=1", "= 0"], 3, .unknownMark),
        (["$ keyfob get", "> a\\n", "= 0"], 3, .malformedEscape),
        (["$ keyfob get", "> a\\x0", "= 0"], 3, .malformedEscape),
    ]

    @Test(arguments: malformed)
    func `The error for a malformed transcript names its line`(
        lines: [String], line: Int, reason: Transcript.ParsingError.Reason
    ) {
        let document = (["```transcript"] + lines + ["```"]).joined(separator: "\n")
        #expect(throws: Transcript.ParsingError(line: line, reason: reason)) { try Transcript.all(in: document) }
    }

    @Test func `A block that is never closed is an error`() {
        #expect(throws: Transcript.ParsingError(line: 2, reason: .unclosedBlock)) {
            try Transcript.all(in: "Text\n```transcript\n$ keyfob get\n= 0\n")
        }
    }

    @Test func `A program that behaves as written has no differences`() async throws {
        let transcript = try #require(try Transcript.all(in: Self.document).first)
        let found = try await transcript.differences { command, stdin in
            #expect(command == ["keyfob", "get"])
            #expect(stdin == transcript.stdin)
            return CommandResult(stdout: transcript.stdout, stderr: transcript.stderr, status: 65)
        }
        #expect(found == [])
    }

    @Test func `Each difference is reported separately`() async throws {
        let transcript = try #require(try Transcript.all(in: Self.document).last)
        let found = transcript.differences(
            from: CommandResult(stdout: Array("x\n".utf8), stderr: Array("y\r\n".utf8), status: 1))
        let place = "transcript at line 23, git-credential-keyfob capability"
        #expect(
            found == [
                "\(place): stdout is \"x\\n\", not \"\"", "\(place): stderr is \"y\\r\\n\", not \"\"",
                "\(place): exit status is 1, not 0",
            ])
    }
}
