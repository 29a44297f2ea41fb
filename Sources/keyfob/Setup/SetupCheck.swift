import ArgumentParser
import Console
import CredentialProtocol
import KeyfobCore

/// Repeats the steps of a caller one by one and reports each result. It does not prompt the user and shows no
/// credential.
struct SetupCheck {
    let caller: SetupCaller
    let scene: SetupScene

    /// The result of one step.
    private enum Check {
        case ok(String)
        case warning(String)
        case failed(FailureReport)
        case skipped(String)
    }

    /// - Throws: the exit status of the first step that failed.
    func run() async throws {
        var checks: [Check] = [program()]
        for step in try await caller.steps(scene) where step.deed != nil { checks.append(await state(of: step)) }
        checks += await caller.notes(scene).map { .warning($0) }
        checks.append(await answer())
        try StandardOutput.write(Array(checks.flatMap(Self.lines).map { $0 + "\n" }.joined().utf8))
        for case .failed(let report) in checks { throw ExitCode(report.status) }
    }

    private func program() -> Check {
        guard !caller.programs.isEmpty else { return .ok(caller.name) }
        for program in caller.programs {
            if let path = scene.installation.search.path(of: program) { return .ok(path) }
        }
        return .warning(Messages.noneOnPath(caller.programs))
    }

    private func state(of step: SetupStep) async -> Check {
        do {
            guard let change = try await step.change(scene.installation) else { return .ok(Self.place(of: step)) }
            let hint = Messages.toMend(caller, scene.url)
            return .failed(FailureReport(Messages.missing(change), hint: hint, status: 78))
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

    private func answer() async -> Check {
        guard let url = scene.url else { return .skipped(Messages.noURL) }
        let question = caller.question(scene, url)
        let command = ([question.program.split(separator: "/").last.map(String.init) ?? ""] + question.arguments)
            .joined(separator: " ")
        guard let program = scene.installation.search.path(of: question.program) else {
            return .failed(FailureReport(Messages.cannotStart(question.program), status: 78))
        }
        guard !question.isOurs || scene.installation.isOurs(program) else {
            return .failed(FailureReport(Messages.anotherProgram(program), status: 78))
        }
        let environment = question.environment.merging(["KEYFOB_INTERACTION": "never"]) { $1 }
        let tool = ToolCommand(
            program, question.arguments, environment: scene.environment(environment), input: Array(question.input.utf8))
        guard let outcome = await tool.run() else {
            return .failed(FailureReport(Messages.noAnswer(command), status: 75))
        }
        if outcome.status == 0, question.isCredential(outcome.output) {
            return .ok(Messages.credential(command, url))
        }
        let complaint = (question.complaint(outcome.output) + outcome.complaint).filter { !$0.isEmpty }
        var report = FailureReport(Messages.noCredential(command, url), status: 1)
        report.hints = complaint.prefix(4).map { Messages.printable(String($0.prefix { $0 != "\n" })) }
        if [69, 75, 77, 78].contains(outcome.status) { report.status = outcome.status }
        return .failed(report)
    }

    private static func lines(_ check: Check) -> [String] {
        switch check {
        case .ok(let words): ["ok       " + Messages.printable(words)]
        case .warning(let words): ["warning  " + Messages.printable(words)]
        case .skipped(let words): ["skipped  " + Messages.printable(words)]
        case .failed(let report): ["failed   " + report.message] + report.hints.map { "         " + $0 }
        }
    }
}
