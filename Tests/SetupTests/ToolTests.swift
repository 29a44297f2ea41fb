import Console
import TestSupport
import Testing

@testable import Setup

/// Callers whose own commands change their settings: git, go and kubectl.
@Suite struct `A tool's own command` {
    // MARK: git

    private static let add = ["git", "config", "--global", "--add", "credential.helper"]
    private static let remove = ["git", "config", "--global", "--fixed-value", "--unset-all", "credential.helper"]

    @Test(arguments: [
        ("[user]\n\tname = A\n", ["keyfob"]), ("[credential]\n\thelper = store\n", ["", "keyfob"]),
        ("[credential]\n\thelper = keyfob\n\thelper = store\n", ["", "keyfob"]),
        ("[credential]\n\thelper = store\n\thelper = \n", ["keyfob"]),
        ("[credential]\n\thelper = store\n\thelper = \n\thelper = keyfob\n", []),
        ("[credential]\n\thelper = keyfob\n", []),
    ])
    func `adds keyfob to git, after an empty value if git asks others`(file: String, values: [String]) async throws {
        try await SetupBench.run { bench in
            try write(file, to: bench.home + "/.gitconfig")
            let change = try await bench.toolChange(.git)
            #expect(change?.commands ?? [] == values.map { Self.add + [$0] })
        }
    }

    @Test(arguments: [
        "", "[credential]\n\thelper = store\n[user]\n\tname = A\n", "[credential]\n\thelper = my-keyfob\n",
    ])
    func `of git can be undone, and other helpers stay`(file: String) async throws {
        try await SetupBench.run { bench in
            try write(file, to: bench.home + "/.gitconfig")
            let change = try #require(try await bench.toolChange(.git))
            for command in change.commands {
                _ = try await bench.scene().output(of: "git", Array(command.dropFirst()))
            }
            #expect(try await bench.toolChange(.git) == nil)
            for command in change.undo { _ = try await bench.scene().output(of: "git", Array(command.dropFirst())) }
            // git may leave the header of an empty section.
            #expect(
                bench.text(of: ".gitconfig")?.replacing("[credential]\n", with: "")
                    == file.replacing("[credential]\n", with: ""))
        }
    }

    @Test(arguments: ["\thelper = \n\thelper = store\n", "\thelper = keyfob\n\thelper = store\n"])
    func `of git does not undo a value of the user`(_ helpers: String) async throws {
        try await SetupBench.run { bench in
            try write("[credential]\n" + helpers, to: bench.home + "/.gitconfig")
            let change = try #require(try await bench.toolChange(.git))
            #expect(change.undo == [["git", "config", "--global", "--edit"]])
        }
    }

    // MARK: go

    /// A fake go command. It knows the value in its file, and prefers the variable of the shell.
    private static let go = #"if [ -n "$GOAUTH" ]; then echo "$GOAUTH"; else cat "$HOME/goauth"; fi"#

    @Test(
        arguments: [
            ("netrc", "netrc; keyfob goauth", ["-u", "GOAUTH"]), ("", "netrc; keyfob goauth", ["-u", "GOAUTH"]),
            ("git /src", "git /src; keyfob goauth", ["-w", "GOAUTH=git /src"]),
            ("netrc; keyfob goauth", nil, nil), ("keyfob goauth;git /src", nil, nil),
        ] as [(String, String?, [String]?)])
    func `of go keeps the written value`(written: String, value: String?, undo: [String]?) async throws {
        // The value of the shell lasts only as long as the shell.
        for shell in ["", "off", "netrc; keyfob goauth", "other"] {
            try await SetupBench.run(tools: ["go": Self.go], variables: ["GOAUTH": shell]) { bench in
                try write(written + "\n", to: bench.home + "/goauth")
                let change = try await bench.toolChange(.go)
                #expect(change?.commands == value.map { [["go", "env", "-w", "GOAUTH=" + $0]] })
                #expect(change?.undo == undo.map { [["go", "env"] + $0] })
            }
        }
    }

    @Test func `of go is not run if the user switched the setting off`() async throws {
        try await SetupBench.run(tools: ["go": Self.go]) { bench in
            try write("off\n", to: bench.home + "/goauth")
            await #expect(throws: SetupFailure.self) { try await bench.toolChange(.go) }
        }
        try await SetupBench.run(tools: ["go": Self.go], variables: ["GOENV": "off"]) { bench in
            await #expect(throws: SetupFailure.self) { try await bench.toolChange(.go) }
        }
    }

    @Test func `of go comes with a note if the shell hides the setting`() async throws {
        try await SetupBench.run(variables: ["GOAUTH": "off"]) { bench in
            let notes = await SetupCaller.go.notes(try bench.scene())
            #expect(notes.count == 1)
        }
        try await SetupBench.run { bench in
            let notes = await SetupCaller.go.notes(try bench.scene())
            #expect(notes.isEmpty)
        }
    }

    // MARK: kubectl

    private static let cluster = "https://c.example"

    /// A fake kubectl that prints these settings.
    private static func kubectl(_ users: String) -> String {
        """
        cat <<END
        {"clusters": [{"name": "c", "cluster": {"server": "\(cluster)/"}}],
         "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u.v"}}], "users": [\(users)]}
        END
        """
    }

    @Test(arguments: [
        ("", ["delete-user", "u.v"]), (#"{"name": "u.v", "user": {}}"#, ["unset", "users.u.v.exec"]),
    ])
    func `of kubectl sets the user of the cluster`(users: String, undo: [String]) async throws {
        try await SetupBench.run(tools: ["kubectl": Self.kubectl(users)]) { bench in
            let change = try #require(try await bench.toolChange(.kubectl, Self.cluster))
            let command = try #require(change.commands.first)
            #expect(Array(command.prefix(4)) == ["kubectl", "config", "set-credentials", "u.v"])
            #expect(command.suffix(2) == ["--exec-arg=get", "--exec-arg=" + Self.cluster])
            #expect(change.undo == [["kubectl", "config"] + undo])
        }
    }

    @Test func `of kubectl does not replace another way to sign in`() async throws {
        let users = #"{"name": "u.v", "user": {"token": "REDACTED"}}"#
        try await SetupBench.run(tools: ["kubectl": Self.kubectl(users)]) { bench in
            await #expect(throws: SetupFailure.self) { try await bench.toolChange(.kubectl, Self.cluster) }
        }
    }

    // MARK: The command that the user sees

    @Test func `is shown exactly as keyfob runs it`() async throws {
        try await SetupBench.run { bench in
            try write("[credential]\n\thelper = store\n", to: bench.home + "/.gitconfig")
            let changes = try await bench.changes(.git)
            #expect(
                changes.flatMap(SetupRun.lines) == [
                    "run: git config --global --add credential.helper ''",
                    "run: git config --global --add credential.helper keyfob",
                ])
        }
    }
}
