import FoundationEssentials
import Subprocess
import SystemPackage
import Testing

/// The first command of a new user, here without a screen.
@Suite(.timeLimit(.withTurns)) struct `The demonstration` {
    /// Its exit status, its output, and its directory.
    private struct Run {
        var status: TerminationStatus
        var lines: [String]

        var root: String? {
            lines.firstMatch { $0.split(separator: " ").first { $0.hasPrefix("/tmp/keyfob-demo-") } }
                .map { String($0.filter { $0 != "," }) }
        }

        /// Processes that have the directory in their command line and keep running. A browser that was just started
        /// has no parent any more, finds no listener, and ends by itself within five seconds.
        func processesLeft() async -> [String] {
            let deadline = ContinuousClock.now + .seconds(5)
            while !processes.isEmpty, ContinuousClock.now < deadline { await Task.yield() }
            return processes
        }

        private var processes: [String] {
            guard let root else { return [] }
            let pids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            return pids.filter { Int($0) != nil }.compactMap { pid in
                let bytes = (try? Data(contentsOf: URL(filePath: "/proc/\(pid)/cmdline"))) ?? Data()
                let line = String(decoding: bytes, as: UTF8.self)
                return line.contains(root) ? line : nil
            }
        }
    }

    /// Runs the demonstration, and sends `signal` after the first line that contains `cue`. There is a display, as for
    /// a new user, but no program that shows notifications.
    private func run(interruptedBy signal: Signal? = nil, at cue: String = "") async throws -> Run {
        let program = KeyfobSession.programs.appending(path: "keyfob-demo").path
        var options = PlatformOptions()
        options.createSession = true
        let result = try await Subprocess.run(
            .path(FilePath(program)), arguments: ["--no-browser"], environment: .inherit.updating(["DISPLAY": ":99"]),
            platformOptions: options, input: .none, output: .sequence, error: .combinedWithOutput
        ) { execution in
            var lines: [String] = []
            for try await line in execution.standardOutput.strings() {
                lines.append(line)
                if let signal, line.contains(cue) { try execution.send(signal: signal) }
            }
            return lines
        }
        return Run(status: result.terminationStatus, lines: result.closureResult)
    }

    @Test func `Each of the five steps does what its text says, and nothing is left`() async throws {
        let run = try await run()
        #expect(run.status == .exited(0), "\(run.lines.joined(separator: "\n"))")
        let steps = run.lines.filter { $0.first?.isNumber == true }.compactMap(\.first)
        #expect(steps == ["1", "2", "3", "4", "5"])
        let root = try #require(run.root)
        #expect(!FileManager.default.fileExists(atPath: root))
        #expect(await run.processesLeft() == [])
    }

    @Test(arguments: [(Signal.interrupt, "$ git clone"), (.terminate, "$ keyfob status"), (.interrupt, "waiting")])
    func `It leaves nothing if it is interrupted`(signal: Signal, cue: String) async throws {
        let run = try await run(interruptedBy: signal, at: cue)
        #expect(run.status == .exited(130), "\(run.lines.joined(separator: "\n"))")
        let root = try #require(run.root)
        #expect(!FileManager.default.fileExists(atPath: root))
        #expect(await run.processesLeft() == [])
    }
}

extension Sequence {
    /// The first result of `body` that is not nil.
    fileprivate func firstMatch<Found>(_ body: (Element) -> Found?) -> Found? {
        for element in self { if let found = body(element) { return found } }
        return nil
    }
}
