import ArgumentParser
import CredentialProtocol
import KeyfobCore

/// Repeats the steps of a caller one by one and reports each result. It does not prompt the user and shows no
/// credential.
struct SetupCheck {
    let caller: SetupCaller
    let scene: SetupScene

    /// The result of one step.
    private enum Rung {
        case ok(String)
        case warning(String)
        case failed(FailureReport)
        case skipped(String)
    }

    /// - Throws: the exit status of the first step that failed.
    func run() async throws {
        var rungs: [Rung] = [program()]
        for step in try await caller.steps(scene) where step.deed != nil { rungs.append(await state(of: step)) }
        rungs += await caller.notes(scene).map { .warning($0) }
        rungs.append(await answer())
        try StandardOutput.write(Array(rungs.flatMap(Self.lines).map { $0 + "\n" }.joined().utf8))
        for case .failed(let report) in rungs { throw ExitCode(report.status) }
    }

    private func program() -> Rung {
        guard !caller.programs.isEmpty else { return .ok(caller.name) }
        for program in caller.programs {
            if let path = scene.installation.search.path(of: program) { return .ok(path) }
        }
        return .warning(Words.noneOnPath(caller.programs))
    }

    private func state(of step: SetupStep) async -> Rung {
        do {
            guard let change = try await step.change(scene.installation) else { return .ok(Self.place(of: step)) }
            let hint = Words.toMend(caller, scene.url)
            return .failed(FailureReport(Words.missing(change), hint: hint, status: 78))
        } catch {
            return .failed(FailureReport(error))
        }
    }

    private static func place(of step: SetupStep) -> String {
        switch step.deed {
        case .edit(let file, _, _)?: file
        case .link(let path, _)?: path
        case nil: step.place
        }
    }

    private func answer() async -> Rung {
        guard let url = scene.url else { return .skipped(Words.noURL) }
        let question = caller.question(scene, url)
        let command = ([question.program.split(separator: "/").last.map(String.init) ?? ""] + question.arguments)
            .joined(separator: " ")
        guard let program = scene.installation.search.path(of: question.program) else {
            return .failed(FailureReport(Words.cannotStart(question.program), status: 78))
        }
        guard !question.isOurs || scene.installation.isOurs(program) else {
            return .failed(FailureReport(Words.anotherProgram(program), status: 78))
        }
        let environment = question.environment.merging(["KEYFOB_INTERACTION": "never"]) { $1 }
        let tool = ToolCommand(
            program, question.arguments, environment: scene.environment(environment), input: Array(question.input.utf8))
        guard let outcome = await tool.run() else {
            return .failed(FailureReport(Words.noAnswer(command), status: 75))
        }
        if outcome.status == 0, question.isCredential(outcome.output) {
            return .ok(Words.credential(command, url))
        }
        let complaint = (question.complaint(outcome.output) + outcome.complaint).filter { !$0.isEmpty }
        var report = FailureReport(Words.noCredential(command, url), status: 1)
        report.hints = complaint.prefix(4).map { Words.printable(String($0.prefix { $0 != "\n" })) }
        if [69, 75, 77, 78].contains(outcome.status) { report.status = outcome.status }
        return .failed(report)
    }

    private static func lines(_ rung: Rung) -> [String] {
        switch rung {
        case .ok(let words): ["ok       " + Words.printable(words)]
        case .warning(let words): ["warning  " + Words.printable(words)]
        case .skipped(let words): ["skipped  " + Words.printable(words)]
        case .failed(let report): ["failed   " + report.line] + report.hints.map { "         " + $0 }
        }
    }
}
