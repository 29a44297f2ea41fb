import Console
import Files
import Glibc
import KeyfobCore
import Secrets

/// One setting that a caller needs in order to ask keyfob.
struct SetupStep: Sendable {
    /// The place of the setting: a file, or a shell.
    var place: String
    /// The lines that the user would write there.
    var snippet: [String]
    /// nil if only the user can do it, and keyfob cannot see whether it is done.
    var deed: Deed?

    enum Deed: Sendable {
        /// Inserts text into a file.
        ///
        /// - change: returns nil if the setting is already there.
        case edit(file: String, mode: UInt32, change: @Sendable (EditedFile) throws -> TextEdit?)
        /// Makes a link to our program under another name.
        case link(path: String, target: String)
        /// Runs the own commands of a tool, which write to `files`.
        ///
        /// - change: returns nil if the setting is already there.
        case run(files: [String], change: @Sendable () async throws -> ToolChange?)
        /// The user writes `line` into `file`, because keyfob cannot parse its format.
        case line(String, file: String)
    }

    /// A change that is still to be made.
    enum Change: Sendable {
        case write(EditedFile, TextEdit, mode: UInt32)
        case link(path: String, target: String)
        case run(ToolChange)
        case line(String, file: String)
    }

    /// The change that is still to be made, or nil if there is none.
    func change(_ installation: Installation) async throws -> Change? {
        switch deed {
        case nil: return nil
        case .edit(let path, let mode, let change):
            let file = try EditedFile(path)
            do {
                return try change(file).map { .write(file, $0, mode: mode) }
            } catch let problem as SettingsProblem {
                throw SetupFailure.settings(file: path, problem)
            }
        case .link(let path, let target):
            guard (try? FileStatus(of: path, followsLink: false)) != nil else {
                return .link(path: path, target: target)
            }
            guard installation.isOurs(path) else { throw SetupFailure.nameTaken(path: path) }
            return nil
        case .run(let files, let change):
            guard let change = try await change() else { return nil }
            // A file that root makes for another user would shut that user out.
            if geteuid() == 0 { for file in files { try Self.refuseForeign(file) } }
            return .run(change)
        case .line(let line, let file):
            let text = try EditedFile(file).text ?? ""
            return LineSettings(text).has(line) ? nil : .line(line, file: file)
        }
    }

    private static func refuseForeign(_ file: String) throws(EditedFile.Failure) {
        do throws(FileError) {
            try OwnDirectory.refuseForeign(file)
        } catch {
            throw .unusable(error)
        }
    }
}

/// A change that a tool makes with its own commands.
struct ToolChange: Sendable, Equatable {
    /// Each command is the name of the tool and its arguments.
    var commands: [[String]]
    /// The commands that undo it, for the user.
    var undo: [[String]]
    /// Variables that do not change the effect of the commands.
    var environment: [String: String] = [:]
}

extension SetupStep {
    /// A file in which the user would write `snippet`.
    static func edit(
        _ file: String, _ snippet: [String], mode: UInt32 = 0o600,
        _ change: @escaping @Sendable (EditedFile) throws -> TextEdit?
    ) -> SetupStep {
        SetupStep(place: file, snippet: snippet, deed: .edit(file: file, mode: mode, change: change))
    }

    /// Commands that the user would type.
    ///
    /// - Parameter usual: the commands that are shown if nothing is to be changed, or if the tool cannot be asked.
    static func run(
        _ usual: [[String]], of files: [String], _ change: @escaping @Sendable () async throws -> ToolChange?
    ) async -> SetupStep {
        let commands = (try? await change())?.commands ?? usual
        return SetupStep(
            place: "in a shell", snippet: commands.map(ShellWords.line), deed: .run(files: files, change: change))
    }

    /// A link under whose name a caller starts keyfob.
    static func link(_ path: String, _ scene: SetupScene) -> SetupStep {
        let target = scene.installation.target(from: path)
        return SetupStep(
            place: "in a shell", snippet: [ShellWords.line(["ln", "-s", target, path])],
            deed: .link(path: path, target: target))
    }

    /// A line that the user must write, in a file whose format keyfob cannot parse.
    static func line(_ line: String, in file: String) -> SetupStep {
        SetupStep(place: file, snippet: [line], deed: .line(line, file: file))
    }

    /// Lines that the user must write.
    static func shown(_ place: String, _ snippet: [String]) -> SetupStep {
        SetupStep(place: place, snippet: snippet, deed: nil)
    }
}
