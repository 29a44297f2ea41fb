import Addresses
import Console
import CredentialProtocol
import KeyfobCore
import Secrets

/// The messages of `keyfob setup`.
extension Messages {
    /// The same command with another option.
    private static func setup(_ caller: SetupCaller, _ url: ServiceURL?, _ option: String) -> String {
        "keyfob setup \(caller.name)" + (url.map { " " + ShellWords.quoted($0.description) } ?? "") + " " + option
    }

    static func toWrite(_ caller: SetupCaller, _ url: ServiceURL?) -> String {
        "to apply it: " + setup(caller, url, "--apply")
    }

    static func toTry(_ caller: SetupCaller, _ url: ServiceURL?) -> String {
        "to test it: " + setup(caller, url, "--check")
    }

    static func nothingToDo(_ caller: SetupCaller) -> String { "nothing to do: \(caller.name) is set up already" }

    static func yourself(_ place: String) -> String { "do this yourself, \(Printable.whole(place)):" }

    static func putOnPath(_ directory: String) -> String { "put \(Printable.whole(directory)) on your PATH" }

    static let applyThis = "apply this? [y/N] "
    static let toUndo = "to undo it:"

    static func link(_ path: String, _ target: String) -> String {
        "link \(Printable.whole(path)) -> \(Printable.whole(target))"
    }

    static func linked(_ path: String) -> String { "linked \(Printable.whole(path))" }

    static func wrote(_ file: String) -> String { "wrote \(Printable.whole(file))" }

    static func ran(_ command: String) -> String { "ran \(command)" }

    /// - Parameter line: the number of the first line; nil for a new file.
    static func inserted(_ file: String, line: Int?) -> String {
        Printable.whole(file) + (line.map { ", line \($0):" } ?? ", new file:")
    }

    static func addLine(to file: String) -> String { "add this line to \(Printable.whole(file)):" }

    static func kept(_ copy: String) -> String { "the old version: \(Printable.whole(copy))" }

    // Testing it.

    static func missing(_ change: SetupStep.Change) -> String {
        switch change {
        case .write(let file, _, _): "\(Printable.whole(file.path)) does not have the setting"
        case .line(_, let file): "\(Printable.whole(file)) does not have the line"
        case .link(let path, _): "\(Printable.whole(path)) does not exist"
        case .run(let change): "the settings of \(change.commands[0][0]) do not name keyfob"
        }
    }

    static func toMend(_ caller: SetupCaller, _ url: ServiceURL?) -> String {
        "to set it up: " + setup(caller, url, "--apply")
    }

    static func noneOnPath(_ programs: [String]) -> String {
        programs.joined(separator: ", ") + (programs.count == 1 ? " is not on PATH" : ": none is on PATH")
    }

    static let noURL = "no URL was given to test with"

    static func cannotStart(_ program: String) -> String {
        "\(Printable.whole(program)) cannot be started: check that it is on PATH"
    }

    static func anotherProgram(_ path: String) -> String { "\(Printable.whole(path)) is another program" }

    static func noAnswer(_ command: String) -> String { "\(Printable.whole(command)): no answer" }

    static func credential(_ command: String, _ url: ServiceURL) -> String { "\(command): a credential for \(url)" }

    static func noCredential(_ command: String, _ url: ServiceURL) -> String {
        "\(Printable.whole(command)): no credential for \(Printable.whole(url.description))"
    }
}
