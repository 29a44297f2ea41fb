import Console
import Glibc
import KeyfobCore
import Secrets

/// One setting that a caller needs in order to ask keyfob.
struct SetupStep: Sendable {
    /// The place of the setting: a file, or a shell.
    var place: String
    /// The lines that the user would write there.
    var snippet: [String]
    /// nil if only the user can do it.
    var deed: Deed?

    enum Deed: Sendable {
        /// Changes the text of a file.
        ///
        /// - change: returns the new text, or the same text if the setting is already there.
        case edit(file: String, mode: mode_t, change: @Sendable (EditedFile) async throws -> String)
        /// Creates a link to our program under another name.
        case link(path: String, target: String)
    }

    /// A change that is still to be made.
    enum Change: Sendable {
        case write(EditedFile, String, mode: mode_t)
        case link(path: String, target: String)

        var isLink: Bool { if case .link = self { true } else { false } }
    }

    /// The change that is still to be made, or nil if there is none.
    func change(_ installation: Installation) async throws -> Change? {
        switch deed {
        case nil: return nil
        case .edit(let path, let mode, let change):
            let file = try EditedFile(path)
            do {
                let text = try await change(file)
                return text == file.text ?? "" ? nil : .write(file, text, mode: mode)
            } catch let problem as SettingsProblem {
                throw SetupFailure.settings(file: path, problem)
            }
        case .link(let path, let target):
            var status = stat()
            guard unsafe lstat(path, &status) == 0 else { return .link(path: path, target: target) }
            guard installation.isOurs(path) else { throw SetupFailure.nameTaken(path: path) }
            return nil
        }
    }
}

extension SetupStep {
    /// A file in which the user would write `snippet`.
    static func edit(
        _ file: String, _ snippet: [String], mode: mode_t = 0o600,
        _ change: @escaping @Sendable (EditedFile) async throws -> String
    ) -> SetupStep {
        SetupStep(place: file, snippet: snippet, deed: .edit(file: file, mode: mode, change: change))
    }

    /// Commands that the user would type. keyfob runs them on a copy of `file` and then writes the result.
    static func commands(
        _ commands: [[String]], of file: String, _ change: @escaping @Sendable (EditedFile) async throws -> String
    ) -> SetupStep {
        SetupStep(
            place: "in a shell", snippet: commands.map { $0.map(ShellWords.quoted).joined(separator: " ") },
            deed: .edit(file: file, mode: 0o600, change: change))
    }

    /// A link under whose name a caller starts keyfob.
    static func link(_ path: String, _ scene: SetupScene) -> SetupStep {
        let target = scene.installation.target(from: path)
        return SetupStep(
            place: "in a shell", snippet: ["ln -s \(ShellWords.quoted(target)) \(ShellWords.quoted(path))"],
            deed: .link(path: path, target: target))
    }

    /// Lines that the user must write themselves.
    static func shown(_ place: String, _ snippet: [String]) -> SetupStep {
        SetupStep(place: place, snippet: snippet, deed: nil)
    }
}
