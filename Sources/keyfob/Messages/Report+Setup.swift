import Console
import CredentialProtocol
import Files
import Glibc
import KeyfobCore

extension Report {
    init(setup error: SetupFailure) {
        switch error {
        case .settings(let file, let problem): self.init(problem, in: Messages.printable(file))
        case .toolFailed(let command, let complaint):
            self.init("\(Messages.printable(command)) failed", hint: complaint.map(Messages.printable), status: 78)
        case .nameTaken(let path):
            self.init(
                "\(Messages.printable(path)) is another program",
                hint: "nothing was changed; move it away if you do not need it",
                status: 78)
        case .scriptTaken(let path):
            self.init(
                "\(Messages.printable(path)) already exists and does something else",
                hint: "nothing was changed",
                status: 78)
        case .spaceInPath(let caller, let path):
            self.init(
                "\(caller) cannot start a program with a space in its path: \(Messages.printable(path))",
                hint: "move keyfob into a directory without a space, and put that directory first on your PATH",
                status: 78)
        case .urlNeeded(let caller):
            self.init("\(caller) needs the URL of a service: keyfob setup \(caller) URL", status: 64)
        case .nobodyAsked:
            self.init(
                "nothing was written: there is no terminal to ask at", hint: "to agree in advance: --yes", status: 77)
        case .declined: self.init("nothing was written", status: 77)
        case .unknownCaller(let word):
            self.init(
                "unknown caller \(Messages.printable(word))", hint: "for a list of callers: keyfob setup",
                status: 64
            )
        }
    }

    private init(_ problem: SettingsProblem, in file: String) {
        let (said, hint): (String, String) =
            switch problem {
            case .malformed(let format): ("is not valid \(format)", "fix it first")
            case .unusual(let setting):
                ("\(Messages.printable(setting)) is set in a way that keyfob cannot change", "change it by hand")
            case .taken(let setting, let value):
                (
                    "\(Messages.printable(setting)) is set already"
                        + (value.map { ": " + Messages.printable($0) } ?? ""),
                    "remove it first if you want to use keyfob"
                )
            case .notAlone(let setting):
                ("\(Messages.printable(setting)) cannot be set without changing something else", "change it by hand")
            }
        self.init("\(file): \(said)", hint: "nothing was changed; " + hint, status: 78)
    }

    init(file error: EditedFile.Failure) {
        let (file, said): (String, String) =
            switch error {
            case .unusable(let file, let code): (file, FileError.text(of: code))
            case .notAFile(let file): (file, "is not a file")
            case .tooLarge(let file): (file, "is larger than 1 MiB")
            case .notText(let file): (file, "is not text in UTF-8")
            case .readOnly(let file): (file, "is read-only")
            case .leadsNowhere(let file): (file, "is a broken link")
            case .hasOtherNames(let file): (file, "has other hard links, which would keep the old text")
            case .foreign(let directory, let owner): (directory, "belongs to \(Self.name(ofUser: owner))")
            case .changedMeanwhile(let file): (file, "was changed by another program")
            }
        let hint: String? =
            switch error {
            case .changedMeanwhile: "try again"
            case .foreign: Self.asAnotherUser
            case .unusable: nil  // it may have been the second thing to be done
            default: "nothing was changed"
            }
        let isTransient = if case .changedMeanwhile = error { true } else { false }
        self.init("\(Messages.printable(file)): \(said)", hint: hint, status: isTransient ? 75 : 78)
    }
}
