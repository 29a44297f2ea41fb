import Files
package import KeyfobCore
import Secrets

/// The location of keyfob, in the forms that other programs need.
package struct Installation: Sendable {
    /// The directory of the executables. If a name on `PATH` leads here, its directory is used instead of the link's
    /// target, because it survives an upgrade.
    package let directory: String
    package let search: ExecutableSearch
    private let executable: String
    private let path: String
    private let home: String

    /// - Parameters:
    ///   - executable: the path of this program.
    ///   - path: the value of `PATH`.
    ///   - home: the home directory.
    package init(executable: String, path: String, home: String) {
        (self.path, self.home) = (path, home)
        search = ExecutableSearch(path: path)
        self.executable = Paths.real(executable) ?? executable
        if let found = search.path(of: "keyfob"), let real = Paths.real(found), real.isSame(as: self.executable) {
            directory = Paths.parent(of: found)
        } else {
            directory = Paths.parent(of: self.executable)
        }
    }

    /// The command with which a program that searches `PATH` starts `name`: the name alone if `PATH` finds our
    /// executable, otherwise its path.
    func command(_ name: String = "keyfob") -> String {
        search.path(of: name).map(isOurs) == true ? name : path(of: name)
    }

    /// The absolute path of `name`, which may not exist yet.
    package func path(of name: String) -> String {
        let beside = directory + "/" + name
        if Paths.exists(beside) { return beside }
        if let found = search.path(of: name), isOurs(found) { return found }
        return linkDirectory + "/" + name
    }

    /// The directory for links: beside the executables if it is writable and on `PATH`, otherwise `~/.local/bin`.
    private var linkDirectory: String {
        let isWritable = Paths.problem(withWritingInto: directory) == nil
        return isWritable && isOnPath(directory) ? directory : home + "/.local/bin"
    }

    /// The target of a link: the door, which answers faster, if it is installed.
    func target(from path: String) -> String {
        let name = Paths.exists(directory + "/keyfob-door") ? "keyfob-door" : "keyfob"
        return Paths.parent(of: path).isSame(as: directory) ? name : directory + "/" + name
    }

    /// Whether `path` leads to one of our executables.
    package func isOurs(_ path: String) -> Bool {
        guard let real = Paths.real(path) else { return false }
        let home = Paths.parent(of: executable)
        return ["keyfob", "keyfob-door", "git-credential-keyfob"].contains { real.isSame(as: home + "/" + $0) }
    }

    /// Whether a directory is on `PATH`.
    func isOnPath(_ directory: String) -> Bool { path.parts(at: ":").contains { $0.isSame(as: directory) } }
}
