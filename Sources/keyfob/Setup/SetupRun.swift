import ArgumentParser
import Console
import Glibc
import KeyfobCore
import Secrets

/// Sets one caller up: shows the settings, or writes them after the user has agreed.
struct SetupRun {
    let caller: SetupCaller
    let scene: SetupScene

    /// Prints the lines that the user would write, and their places.
    func show() async throws {
        var lines: [String] = []
        let steps = try await caller.steps(scene)
        for step in steps {
            if !lines.isEmpty { lines.append("") }
            lines.append("# \(Messages.printable(step.place)):")
            lines += step.snippet.map(Self.printable)
        }
        try StandardOutput.write(Array(lines.map { $0 + "\n" }.joined().utf8))
        await sayNotes()
        guard steps.contains(where: { $0.deed != nil }) else { return }
        if let changes = try? await changes(for: steps), changes.isEmpty {
            Terminal.hint(Messages.toTry(caller, scene.url))
        } else {
            Terminal.hint(Messages.toWrite(caller, scene.url))
        }
    }

    private func changes(for steps: [SetupStep]) async throws -> [SetupStep.Change] {
        var changes: [SetupStep.Change] = []
        for step in steps {
            if let change = try await step.change(scene.installation) { changes.append(change) }
        }
        return changes
    }

    /// Shows the changes, asks the user, and writes.
    ///
    /// - Parameter isAgreed: whether the user has agreed already.
    func apply(isAgreed: Bool) async throws {
        let steps = try await caller.steps(scene)
        // All steps are examined before anything is written.
        let changes = try await changes(for: steps)
        if changes.isEmpty {
            Terminal.say(Messages.nothingToDo(caller))
        } else {
            await sayNotes()
            let snippets = steps.flatMap(\.snippet)
            for change in changes { show(change, snippets) }
            try await agree(isAgreed)
            // Links come first: a file that names a program must not be written before the program exists.
            for change in changes where change.isLink { try perform(change) }
            for change in changes where !change.isLink { try perform(change) }
        }
        for step in steps where step.deed == nil {
            Terminal.hint(Messages.yourself(step.place))
            for line in step.snippet { Terminal.hint("  " + Self.printable(line)) }
        }
        for case .link(let path, _)? in steps.map(\.deed) where !scene.installation.isOnPath(path) && isSought(path) {
            Terminal.hint(Messages.putOnPath(Installation.directory(of: path)))
        }
        if !changes.isEmpty, scene.url != nil { Terminal.hint(Messages.toTry(caller, scene.url)) }
    }

    /// Whether a caller looks for that name on `PATH`.
    private func isSought(_ path: String) -> Bool { path.hasSuffix("/docker-credential-keyfob") }

    private func agree(_ isAgreed: Bool) async throws {
        if isAgreed { return }
        guard Terminal.isThere else { throw SetupFailure.nobodyAsked }
        guard try await Terminal.confirms(Messages.writeThis) else { throw SetupFailure.declined }
    }

    private func show(_ change: SetupStep.Change, _ ours: [String]) {
        switch change {
        case .write(let file, let new, _):
            let concealed = Concealed(ours: ours)
            let lines = UnifiedDiff.lines(from: file.text, to: new, name: Messages.printable(file.path)) { line in
                // Tabs are kept: a tab can only move the text after it.
                concealed.shown(line).split(separator: "\t", omittingEmptySubsequences: false)
                    .map { Messages.printable(String($0)) }.joined(separator: "\t")
            }
            Terminal.write(lines.map { $0 + "\n" }.joined())
        case .link(let path, let target):
            Terminal.write(Messages.link(path, target) + "\n")
        }
    }

    private func perform(_ change: SetupStep.Change) throws {
        switch change {
        case .write(let file, let new, let mode):
            let copy = try file.write(new, mode: mode)
            Terminal.say(Messages.wrote(file.path))
            if let copy { Terminal.hint(Messages.kept(copy)) }
        case .link(let path, let target):
            try EditedFile.makeDirectories(Installation.directory(of: path))
            guard unsafe symlink(target, path) == 0 else {
                throw EditedFile.Failure.unusable(file: path, errno: errno)
            }
            Terminal.say(Messages.linked(path))
        }
    }

    private func sayNotes() async {
        for note in await caller.notes(scene) { Terminal.hint(Messages.printable(note)) }
    }

    /// A line of a snippet. `Messages.printable` could shorten a long one, so it is used only if something in
    /// the line could steer a terminal.
    private static func printable(_ line: String) -> String {
        let isHarmless = !line.unicodeScalars.contains(where: Printable.isHarmful)
        return isHarmless ? line : Messages.printable(line)
    }
}
