import AuthorizationServer
import TestSupport
import Testing

/// The forms in which servers name the scopes that they granted.
@Suite(.timeLimit(.withTurns)) struct `The scopes in a token answer` {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var scope: JSONValue
        var member = "scope"
        /// The scopes in the note; nil if there must be none.
        var note: String?
    }

    static let rows: [Row] = [
        Row(testDescription: "a text", scope: "read_repository write_repository"),
        Row(testDescription: "with a comma", scope: "read_repository,write_repository"),
        Row(testDescription: "with comma and space", scope: "read_repository, write_repository"),
        Row(testDescription: "with semicolons", scope: "read_repository;write_repository"),
        Row(testDescription: "with a line break", scope: "read_repository\nwrite_repository"),
        Row(testDescription: "a list", scope: ["read_repository", "write_repository"]),
        Row(testDescription: "a list with a text of two", scope: ["read_repository write_repository"]),
        Row(testDescription: "a list with other things", scope: [1, "read_repository write_repository", .null]),
        Row(testDescription: "doubled", scope: "read_repository write_repository read_repository"),
        Row(testDescription: "in scopes", scope: ["read_repository", "write_repository"], member: "scopes"),
        Row(testDescription: "null", scope: .null),
        Row(testDescription: "an empty text", scope: ""),
        Row(testDescription: "an empty list", scope: []),
        Row(testDescription: "an object", scope: .object(["write_repository": true])),
        Row(
            testDescription: "with a prefix", scope: "https://api.example/write_repository",
            note: "https://api.example/write_repository"),
        Row(testDescription: "in capitals", scope: "WRITE_REPOSITORY", note: "WRITE_REPOSITORY"),
        Row(testDescription: "as a role", scope: ["Developer"], note: "Developer"),
        Row(testDescription: "one of two renamed", scope: "read_repository,repo:write", note: "repo:write"),
        Row(testDescription: "in numbers", scope: "2 4", note: "2, 4"),
    ]

    private static func token(_ bench: FailureBench, _ interaction: String) async throws -> CommandResult {
        try await bench.session.run([
            "keyfob", "token", "--scope", "read_repository", "--scope", "write_repository", "--interaction",
            interaction, bench.service,
        ])
    }

    @Test(arguments: rows)
    func `are read, and the token is given again and again`(_ row: Row) async throws {
        let change: @Sendable (inout AuthorizationServerConfiguration) -> Void = {
            $0.extraTokenMembers["scope"] = .null
            $0.extraTokenMembers[row.member] = row.scope
        }
        try await FailureBench.run(.configured, change) { bench in
            let first = try await Self.token(bench, "always")
            #expect(first.status == 0, "\(first.complaint)")
            for _ in 0..<2 {
                let again = try await Self.token(bench, "never")
                #expect(again.status == 0 && !again.stdout.isEmpty, "\(again.complaint)")
                if let note = row.note {
                    #expect(again.complaint.contains(" granted \(note), and not "), "\(again.complaint)")
                } else {
                    #expect(!again.complaint.contains(" granted "), "\(again.complaint)")
                }
                await bench.session.clearKernelMemory()
            }
            #expect(bench.session.browserOpenings == 1)
        }
    }

    @Test func `that lack one and have no other name for it lead to an answer that does not change`() async throws {
        try await FailureBench.run(.configured, { $0.extraTokenMembers["scope"] = "read_repository" }) { bench in
            _ = try await Self.token(bench, "always")
            for _ in 0..<2 {
                let again = try await Self.token(bench, "always")
                #expect(again.status == 77)
                #expect(again.complaint.contains("did not grant write_repository"))
            }
            #expect(bench.session.browserOpenings == 1)
        }
    }

    @Test(arguments: [
        ("read_repository", " did not grant write_repository\n" as String?),
        ("read_repository repo:write", " granted repo:write, and not write_repository by that name\n"),
        ("read_repository write_repository", nil),
    ])
    func `are compared at a login, which names those that are missing`(granted: String, note: String?) async throws {
        let scopes = "scopes = [\"openid\", \"read_repository\", \"write_repository\"]"
        try await FailureBench.run(
            .configured, more: scopes,
            {
                $0.scopes.append("openid")
                $0.extraTokenMembers["scope"] = .string(granted)
            }
        ) { bench in
            let result = try await bench.login()
            #expect(result.status == 0, "\(result.complaint)")
            if let note {
                #expect(result.complaint.contains(note), "\(result.complaint)")
            } else {
                #expect(!result.complaint.contains(" grant"), "\(result.complaint)")
            }
            #expect(try await bench.get().stderr.isEmpty)
        }
    }

    @Test func `of a sign-in that nobody asked for a scope lead to a hint that asks for it`() async throws {
        try await FailureBench.run(.configured, more: "scopes = [\"read_repository\"]") { bench in
            _ = try await bench.signIn()
            let refused = try await Self.token(bench, "never")
            #expect(refused.status == 77)
            let options = ["--scope", "read_repository", "--scope", "write_repository"]
            let hint = (["hint: run: keyfob login"] + options + [bench.service]).joined(separator: " ")
            #expect(refused.complaint.contains(hint + "\n"))
            #expect(try await bench.login(options).status == 0)
            #expect(try await Self.token(bench, "never").status == 0)
        }
    }
}
