import Console
package import CredentialProtocol
import Files
import KeyfobCore
import Processes
import Secrets

/// Repeats the steps of a caller one by one and reports each result. It does not prompt the user and shows no
/// credential.
package struct SetupCheck {
    let caller: SetupCaller
    let scene: SetupScene
    private let report: (any Error) -> Report

    /// - Parameter report: turns an error into words.
    package init(caller: SetupCaller, scene: SetupScene, report: @escaping (any Error) -> Report) {
        (self.caller, self.scene, self.report) = (caller, scene, report)
    }

    /// The result of one step.
    enum Result: Equatable {
        case ok(String)
        case warning(String)
        case failed(Report)
        case skipped(String)
    }

    /// Prints the results. Returns the exit status of the first step that failed, or 0.
    package func run() async throws -> Int32 {
        let results = try await results()
        try StandardOutput.write(Array(results.flatMap(Self.lines).map { $0 + "\n" }.joined().utf8))
        for case .failed(let report) in results { return report.status }
        return 0
    }

    func results() async throws -> [Result] {
        var results = [program()]
        for step in try await caller.steps(scene) where step.deed != nil { results.append(await state(of: step)) }
        results += await caller.notes(scene).map { .warning($0) }
        results.append(await answer())
        return results
    }

    private func program() -> Result {
        guard !caller.programs.isEmpty else { return .ok(caller.name) }
        for program in caller.programs {
            if let path = scene.installation.search.path(of: program) { return .ok(path) }
        }
        return .warning(Messages.noneOnPath(caller.programs))
    }

    private func state(of step: SetupStep) async -> Result {
        do {
            guard let change = try await step.change(scene.installation) else { return .ok(Self.place(of: step)) }
            let hint =
                if case .line(let line, let file) = change {
                    Messages.addLine(to: file) + " " + line
                } else {
                    Messages.toMend(caller, scene.url)
                }
            return .failed(Report(Messages.missing(change), hint: hint, status: 78))
        } catch {
            return .failed(report(error))
        }
    }

    private static func place(of step: SetupStep) -> String {
        switch step.deed {
        case .edit(let file, _, _)?, .line(_, let file)?: file
        case .run(let files, _)?: files.joined(separator: ", ")
        case .link(let path, _)?: path
        case nil: step.place
        }
    }

    /// Makes the request that the caller would make.
    private func answer() async -> Result {
        guard let url = scene.url else { return .skipped(Messages.noURL) }
        let question = caller.question(scene, url)
        let command = ([Paths.name(of: question.program)] + question.arguments).joined(separator: " ")
        guard let program = scene.installation.search.path(of: question.program) else {
            return .failed(Report(Messages.cannotStart(question.program), status: 78))
        }
        guard !question.isOurs || scene.installation.isOurs(program) else {
            return .failed(Report(Messages.anotherProgram(program), status: 78))
        }
        let environment = question.environment.merging(["KEYFOB_INTERACTION": "never"]) { $1 }
        let tool = ToolCommand(
            program, question.arguments, environment: scene.environment(environment), input: Array(question.input.utf8))
        guard let outcome = await tool.run() else {
            return .failed(Report(Messages.noAnswer(command), status: 75))
        }
        if outcome.status == 0, question.isCredential(outcome.output) { return .ok(Messages.credential(command, url)) }
        let complaint = (question.complaint(outcome.output) + outcome.complaint).filter { !$0.isEmpty }
        let status = [69, 75, 77, 78].contains(outcome.status) ? outcome.status : 1
        var report = Report(Messages.noCredential(command, url), status: status)
        report.hints = complaint.prefix(4).map { Printable.text(String($0.parts(at: "\n")[0])) }
        if report.hints.isEmpty { report.hints = ["to sign in, run: " + Messages.command("login", url)] }
        return .failed(report)
    }

    static func lines(_ result: Result) -> [String] {
        switch result {
        case .ok(let words): ["ok       " + Printable.text(words)]
        case .warning(let words): ["warning  " + Printable.text(words)]
        case .skipped(let words): ["skipped  " + Printable.text(words)]
        case .failed(let report): ["failed   " + report.message] + report.hints.map { "         " + $0 }
        }
    }
}
