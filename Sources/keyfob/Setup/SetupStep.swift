import Glibc
import KeyfobCore
import Secrets

/// One thing that has to be so for a caller to ask keyfob.
struct SetupStep: Sendable {
    /// Where it belongs: a file, or a shell.
    var place: String
    /// What a person would write there.
    var snippet: [String]
    /// nil: the person alone can do it.
    var deed: Deed?

    enum Deed: Sendable {
        /// Makes a file say something.
        ///
        /// - change: the text that says so; the same text where it does already.
        case edit(file: String, mode: mode_t, change: @Sendable (PersonsFile) async throws -> String)
        /// Makes our program known by another name.
        case link(path: String, target: String)
    }

    /// What is not so yet, and would be done.
    enum Change: Sendable {
        case write(PersonsFile, String, mode: mode_t)
        case link(path: String, target: String)

        var isLink: Bool { if case .link = self { true } else { false } }
    }

    /// What would have to be done; nil where all is so already.
    func change(_ installation: Installation) async throws -> Change? {
        switch deed {
        case nil: return nil
        case .edit(let path, let mode, let change):
            let file = try PersonsFile(path)
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
    /// A file in which a person would write `snippet`.
    static func edit(
        _ file: String, _ snippet: [String], mode: mode_t = 0o600,
        _ change: @escaping @Sendable (PersonsFile) async throws -> String
    ) -> SetupStep {
        SetupStep(place: file, snippet: snippet, deed: .edit(file: file, mode: mode, change: change))
    }

    /// Commands that a person would type; on a copy of `file`, they make the text that is written.
    static func commands(
        _ commands: [[String]], of file: String, _ change: @escaping @Sendable (PersonsFile) async throws -> String
    ) -> SetupStep {
        SetupStep(
            place: "in a shell", snippet: commands.map { $0.map(ShellWords.quoted).joined(separator: " ") },
            deed: .edit(file: file, mode: 0o600, change: change))
    }

    /// A name by which a caller starts us.
    static func link(_ path: String, _ scene: SetupScene) -> SetupStep {
        let target = scene.installation.target(from: path)
        return SetupStep(
            place: "in a shell", snippet: ["ln -s \(ShellWords.quoted(target)) \(ShellWords.quoted(path))"],
            deed: .link(path: path, target: target))
    }

    /// What a person has to write themselves, where it belongs.
    static func shown(_ place: String, _ snippet: [String]) -> SetupStep {
        SetupStep(place: place, snippet: snippet, deed: nil)
    }
}

/// Words of a shell's command line.
enum ShellWords {
    /// The word as a POSIX shell reads it.
    static func quoted(_ word: String) -> String {
        if word.unicodeScalars.allSatisfy(isPlain) && !word.isEmpty { return word }
        return "'" + word.parts(at: "'").joined(separator: #"'\''"#) + "'"
    }

    /// The same without quotation marks: to git an absolute path is what begins with a slash.
    static func escaped(_ word: String) -> String {
        word.unicodeScalars.map { isPlain($0) || !$0.isASCII ? String($0) : "\\" + String($0) }.joined()
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        let character = Character(scalar)
        return scalar.isASCII && (character.isLetter || character.isNumber || "@%+=:,./_-".contains(character))
    }
}
