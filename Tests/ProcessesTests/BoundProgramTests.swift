import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Processes

/// Programs with a time limit.
@Suite(.timeLimit(.minutes(1))) struct `A program with a time limit` {
    private static func shell(
        _ script: String, _ environment: [String: String] = [:], in directory: String? = nil, limit: Int = 1_000_000,
        within patience: Duration = .seconds(30)
    ) throws(BoundProgram.Failure) -> BoundProgram.Outcome {
        try BoundProgram.run(
            "/bin/sh", ["-c", script], environment: environment, in: directory, limit: limit, within: patience)
    }

    @Test func `returns its output and its exit status`() throws {
        #expect(try Self.shell("echo out; echo error >&2; exit 3") == .init(status: 3, output: Array("out\n".utf8)))
        #expect(try Self.shell("kill -TERM $$").status == 128 + SIGTERM)
        #expect(try Self.shell("head -c 300000 /dev/zero").output.count == 300_000)
    }

    @Test func `reads its input to the end, and returns its standard error on request`() throws {
        let input = [UInt8](repeating: 7, count: 1_048_576)
        let outcome = try BoundProgram.run(
            "/bin/sh", ["-c", "cat; head -c 200000 /dev/zero >&2"], environment: ["PATH": "/usr/bin:/bin"],
            input: input, readsErrors: true, limit: 2_000_000, within: .seconds(30))
        #expect(outcome == .init(status: 0, output: input, errors: [UInt8](repeating: 0, count: 200_000)))
        #expect(throws: BoundProgram.Failure.notStarted(errno: E2BIG)) {
            try BoundProgram.run(
                "/bin/true", [], environment: [:], input: input + [7], limit: 1, within: .seconds(30))
        }
    }

    @Test func `gets the given environment and directory, no input, and none of our descriptors`() throws {
        let file = unsafe open("/dev/null", O_RDONLY)  // Without O_CLOEXEC
        defer { close(file) }
        let script = "echo $A; pwd; cat; ls /proc/$$/fd; true"
        let outcome = try Self.shell(script, ["A": "b c", "PATH": "/usr/bin:/bin"], in: "/proc")
        #expect(String(decoding: outcome.output, as: UTF8.self) == "b c\n/proc\n0\n1\n2\n")
    }

    @Test func `inherits no descriptor even if keyfob has no standard input`() async {
        await #expect(processExitsWith: .success) {
            close(0)
            let script = "cat; ls /proc/$$/fd; true"
            for input in [nil, Array("in\n".utf8)] {
                let outcome = try BoundProgram.run(
                    "/bin/sh", ["-c", script], environment: ["PATH": "/usr/bin:/bin"], input: input, readsErrors: true,
                    limit: 1000, within: .seconds(30))
                #expect(outcome == .init(status: 0, output: (input ?? []) + Array("0\n1\n2\n".utf8)))
            }
        }
    }

    @Test func `may clean up for one second after the time limit`() async throws {
        try await withTemporaryDirectory { directory async throws in
            #expect(throws: BoundProgram.Failure.timedOut) {
                try Self.shell("trap 'echo >\(directory)/ended; exit' TERM; while :; do :; done", within: .seconds(1))
            }
            #expect(FileManager.default.fileExists(atPath: "\(directory)/ended"))
            #expect(throws: BoundProgram.Failure.timedOut) {
                try Self.shell("trap '' TERM; while :; do :; done", within: .seconds(1))
            }
        }
    }

    @Test func `is killed with all its children if it takes too long or prints too much`() async throws {
        try await withTemporaryDirectory { directory async throws in
            let script = "sleep 600 & echo $! >\(directory)/child; echo $$ >\(directory)/shell; wait"
            #expect(throws: BoundProgram.Failure.timedOut) {
                try Self.shell(script, ["PATH": "/usr/bin:/bin"], within: .seconds(1))
            }
            for name in ["child", "shell"] {
                let text = try String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)
                let number = try #require(pid_t(text.filter(\.isNumber)))
                #expect(Self.isGone(number))
            }
            #expect(throws: BoundProgram.Failure.tooLong) {
                try Self.shell("cat /dev/zero", ["PATH": "/usr/bin:/bin"], limit: 100_000)
            }
        }
    }

    @Test func `counts as late if it closes its output and goes on`() throws {
        #expect(throws: BoundProgram.Failure.timedOut) {
            try Self.shell("exec >&-; exec sleep 600", ["PATH": "/usr/bin:/bin"], within: .seconds(1))
        }
    }

    @Test func `returns its exit status even if SIGCHLD is ignored`() async {
        await #expect(processExitsWith: .success) {
            _ = signal(SIGCHLD, SIG_IGN)
            let outcome = try Self.shell("exit 5")
            #expect(outcome.status == 5)
        }
    }

    @Test func `that does not exist has the exit status 127`() throws {
        #expect(
            try BoundProgram.run("/absent", [], environment: [:], limit: 1, within: .seconds(9))
                == .init(status: 127, output: []))
    }

    /// Whether the process was killed. It may be a zombie until its new parent waits for it.
    private static func isGone(_ number: pid_t) -> Bool {
        for _ in 0..<2000 {
            guard let status = try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8),
                status.split(separator: ")").last?.hasPrefix(" Z") != true
            else { return true }
            usleep(1000)
        }
        return false
    }
}
