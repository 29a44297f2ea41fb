import Console
import CredentialProtocol
import Files
import KeyfobCore
import Secrets
import Setup

extension Report {
    init(setup error: SetupFailure) {
        switch error {
        case .settings(let file, let problem): self.init(problem, in: Printable.text(file))
        case .noProgram(let name):
            self.init("\(Printable.text(name)) is not on PATH", hint: "install it first", status: 127)
        case .toolFailed(let command, let complaint):
            self.init("\(Printable.text(command)) failed", hint: complaint.map(Printable.text), status: 78)
        case .noEffect(let command):
            self.init(
                "\(Printable.text(command)) succeeded, but another setting overrides it",
                hint: "remove that setting, then try again", status: 78)
        case .nameTaken(let path):
            self.init(
                "\(Printable.text(path)) is another program",
                hint: "nothing was changed; move it away if you do not need it",
                status: 78)
        case .scriptTaken(let path):
            self.init(
                "\(Printable.text(path)) already exists and does something else",
                hint: "nothing was changed",
                status: 78)
        case .spaceInPath(let caller, let path):
            self.init(
                "\(caller) cannot start a program with a space in its path: \(Printable.text(path))",
                hint: "move keyfob into a directory without a space, and put that directory first on your PATH",
                status: 78)
        case .urlNeeded(let caller):
            self.init("keyfob setup \(caller) needs the URL of a service, as its next word", status: 64)
        case .nobodyAsked:
            self.init(
                "nothing was changed: there is no terminal to ask at", hint: "to agree in advance: --yes", status: 77)
        case .declined: self.init("nothing was changed", status: 77)
        case .unknownCaller(let word):
            self.init(
                "unknown caller \(Printable.text(word))", hint: "for a list of callers: keyfob setup",
                status: 64
            )
        }
    }

    private init(_ problem: SettingsProblem, in file: String) {
        let (message, hint): (String, String) =
            switch problem {
            case .malformed(let format): ("is not valid \(format)", "fix it first")
            case .unusual(let setting):
                ("\(Printable.text(setting)) is set in a form that keyfob does not change", "change it by hand")
            case .taken(let setting, let value):
                (
                    "\(Printable.text(setting)) is set already"
                        + (value.map { ": " + Printable.text($0) } ?? ""),
                    "remove it first if you want to use keyfob"
                )
            case .notAlone(let setting):
                ("\(Printable.text(setting)) cannot be set without another change", "change it by hand")
            }
        self.init("\(file): \(message)", hint: "nothing was changed; " + hint, status: 78)
    }

    init(file error: EditedFile.Failure) {
        let (file, message): (String, String) =
            switch error {
            case .unusable(let error): (error.path, Self.words(file: error.problem))
            case .notAFile(let file): (file, "is not a file")
            case .tooLarge(let file): (file, "is larger than 1 MiB")
            case .notText(let file): (file, "is not text in UTF-8")
            case .readOnly(let file): (file, "is read-only")
            case .leadsNowhere(let file): (file, "is a broken link")
            case .hasOtherNames(let file): (file, "has other hard links, which would keep the old text")
            case .changedMeanwhile(let file): (file, "was changed by another program")
            }
        let hint: String? =
            switch error {
            case .changedMeanwhile: "try again"
            case .unusable(let error):
                if case .ofAnotherUser = error.problem {
                    Self.asAnotherUser
                } else {
                    "nothing was changed" + (error.code.flatMap(Self.giveRoom).map { "; " + $0 } ?? "")
                }
            default: "nothing was changed"
            }
        let isTransient = if case .changedMeanwhile = error { true } else { false }
        self.init("\(Printable.text(file)): \(message)", hint: hint, status: isTransient ? 75 : 78)
    }

    static func words(file problem: FileError.Problem) -> String {
        switch problem {
        case .system(let code): FileError.text(of: code)
        case .notAFile: "is not a file"
        case .ofAnotherUser(let owner): "belongs to \(name(ofUser: owner))"
        case .writableByOthers: "other users can write to it"
        }
    }
}
