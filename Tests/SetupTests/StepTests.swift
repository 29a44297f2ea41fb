import Console
import FoundationEssentials
import TestSupport
import Testing

@testable import Setup

/// The steps of a setup, and what the user sees of them.
@Suite struct `A step of a setup` {
    @Test func `shows the inserted lines, and no secret of the file`() async throws {
        try await SetupBench.run { bench in
            try FileManager.default.createDirectory(
                atPath: bench.home + "/.docker", withIntermediateDirectories: false)
            let file = try write(
                "{\n  \"auths\": {\"a\": {\"auth\": \"secret\"}}\n}\n", to: bench.home + "/.docker/config.json")
            let changes = try await bench.changes(.docker, "https://r.example")
            #expect(
                changes.flatMap(SetupRun.lines) == [
                    "\(file), line 2:", "+  \"credHelpers\": {", "+    \"r.example\": \"keyfob\"", "+  },",
                ])
        }
    }

    @Test func `shows no control character`() async throws {
        try await SetupBench.run { bench in
            let edit = TextEdit([], at: 0, inserting: "\ta\u{1B}b\n")
            let file = try EditedFile(bench.home + "/new")
            let lines = SetupRun.lines(of: .write(file, edit, mode: 0o600))
            #expect(lines == ["\(bench.home)/new, new file:", "+\ta\u{FFFD}b"])
        }
    }

    @Test func `is refused if another program has the name`() async throws {
        try await SetupBench.run(tools: ["docker-credential-keyfob": ""]) { bench in
            let path = bench.home + "/bin/docker-credential-keyfob"
            await #expect(throws: SetupFailure.nameTaken(path: path)) {
                try await bench.changes(.docker, "https://r.example")
            }
        }
    }

    @Test(arguments: [SetupCaller.terraform, .tofu, .vault, .bao]) func `leaves HCL to the user`(
        caller: SetupCaller
    ) async throws {
        try await SetupBench.run { bench in
            guard case .line(let line, let file)? = try await bench.changes(caller).first else {
                Issue.record("no line")
                return
            }
            try write("# mine\n  \(line)\n", to: file)
            #expect(try await bench.changes(caller).isEmpty)
        }
    }

    @Test(arguments: ["cargo", "bazel", "go"]) func `refuses a space in a path that the caller splits`(
        name: String
    ) async throws {
        try await SetupBench.run { bench in
            let caller = try #require(SetupCaller.named(name))
            let scene = SetupScene(
                url: nil, variables: ["HOME": bench.home + "/my own", "PATH": "/usr/bin:/bin"],
                executable: bench.home + "/keyfob", configuration: nil)
            await #expect(throws: SetupFailure.self) { try await caller.steps(scene) }
        }
    }
}
