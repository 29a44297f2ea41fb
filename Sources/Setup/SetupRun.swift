import Console
import Files
import KeyfobCore
import Secrets

/// Sets one caller up: shows the settings, or writes them after the user has agreed.
package struct SetupRun {
    let caller: SetupCaller
    let scene: SetupScene

    package init(caller: SetupCaller, scene: SetupScene) {
        (self.caller, self.scene) = (caller, scene)
    }

    /// Prints the lines that the user would write, and their places.
    package func show() async throws {
        let steps = try await caller.steps(scene)
        let blocks = steps.map { ["# \(Printable.text($0.place)):"] + $0.snippet.map(Printable.whole) }
        let lines = blocks.joined(separator: [""]).map { $0 + "\n" }.joined()
        try StandardOutput.write(Array(lines.utf8))
        await sayNotes()
        guard steps.contains(where: { $0.deed != nil }) else { return }
        if let changes = try? await changes(for: steps), changes.isEmpty {
            Terminal.hint(Messages.toTry(caller, scene.url))
        } else {
            Terminal.hint(Messages.toWrite(caller, scene.url))
        }
    }

    func changes(for steps: [SetupStep]) async throws -> [SetupStep.Change] {
        var changes: [SetupStep.Change] = []
        for step in steps {
            if let change = try await step.change(scene.installation) { changes.append(change) }
        }
        return changes
    }

    /// Shows the changes, asks the user, and writes.
    ///
    /// - Parameter isAgreed: whether the user has agreed already.
    package func apply(isAgreed: Bool) async throws {
        let steps = try await caller.steps(scene)
        // All steps are examined before anything is written.
        let changes = try await changes(for: steps)
        let ours = changes.filter { !$0.isLine }
        if ours.isEmpty {
            if changes.isEmpty { Terminal.say(Messages.nothingToDo(caller)) }
        } else {
            await sayNotes()
            for change in ours { Terminal.write(Self.lines(of: change).map { $0 + "\n" }.joined()) }
            try await agree(isAgreed)
            // Links come first: a file that names a program must not be written before the program exists.
            for case .link(let path, let target) in ours { try link(path, target) }
            for case .write(let file, let edit, let mode) in ours { try write(file, edit, mode) }
            for case .run(let change) in ours { try await run(change, steps) }
        }
        sayRest(steps, changes)
        if !ours.isEmpty, scene.url != nil { Terminal.hint(Messages.toTry(caller, scene.url)) }
    }

    private func agree(_ isAgreed: Bool) async throws {
        if isAgreed { return }
        guard Terminal.isThere else { throw SetupFailure.nobodyAsked }
        guard try await Terminal.confirms(Messages.applyThis) else { throw SetupFailure.declined }
    }

    /// Says what the user must do.
    private func sayRest(_ steps: [SetupStep], _ changes: [SetupStep.Change]) {
        for case .line(let line, let file) in changes {
            Terminal.hint(Messages.addLine(to: file), Printable.whole(line))
        }
        for step in steps where step.deed == nil {
            Terminal.hint(Messages.yourself(step.place))
            for line in step.snippet { Terminal.hint("  " + Printable.whole(line)) }
        }
        for case .link(let path, _)? in steps.map(\.deed) where Self.isSought(path) {
            let directory = Paths.parent(of: path)
            if !scene.installation.isOnPath(directory) { Terminal.hint(Messages.putOnPath(directory)) }
        }
    }

    /// Whether a caller looks for that name on `PATH`.
    private static func isSought(_ path: String) -> Bool { Paths.name(of: path) == "docker-credential-keyfob" }

    private func sayNotes() async {
        for note in await caller.notes(scene) { Terminal.hint(Printable.whole(note)) }
    }

    /// The change as lines for the user. They contain nothing from the user's files, so no secret.
    static func lines(of change: SetupStep.Change) -> [String] {
        switch change {
        case .write(let file, let edit, _):
            let (lines, number) = edit.shown
            return [Messages.inserted(file.path, line: file.text == nil ? nil : number)]
                + lines.map { line in
                    // Tabs are kept: a tab can only move the text after it.
                    "+" + line.parts(at: "\t").map { Printable.whole(String($0)) }.joined(separator: "\t")
                }
        case .link(let path, let target): return [Messages.link(path, target)]
        case .run(let change): return change.commands.map { "run: " + Printable.whole(ShellWords.line($0)) }
        case .line(let line, let file): return [Messages.addLine(to: file), Printable.whole(line)]
        }
    }

}

// Making the changes.
extension SetupRun {
    private func write(_ file: EditedFile, _ edit: TextEdit, _ mode: UInt32) throws {
        let copy = try file.write(edit.text, mode: mode)
        Terminal.say(Messages.wrote(file.path))
        if let copy { Terminal.hint(Messages.kept(copy)) }
    }

    private func link(_ path: String, _ target: String) throws {
        try EditedFile.makeLink(path, to: target)
        Terminal.say(Messages.linked(path))
    }

    private func run(_ change: ToolChange, _ steps: [SetupStep]) async throws {
        for command in change.commands {
            let (tool, arguments) = (command[0], Array(command.dropFirst()))
            _ = try await scene.output(of: tool, arguments, environment: change.environment)
            Terminal.say(Messages.ran(Printable.whole(ShellWords.line(command))))
        }
        for case .run(_, let rest)? in steps.map(\.deed) where try await rest() != nil {
            sayUndo(change)
            throw SetupFailure.noEffect(command: ShellWords.line(change.commands.last ?? []))
        }
        sayUndo(change)
    }

    private func sayUndo(_ change: ToolChange) {
        for command in change.undo { Terminal.hint(Messages.toUndo, Printable.whole(ShellWords.line(command))) }
    }
}

extension SetupStep.Change {
    /// Whether only the user can make it.
    var isLine: Bool { if case .line = self { true } else { false } }
}
