import Files
package import Processes
import Secrets

/// The location of keyfob, in the forms that other programs need.
package struct Installation: Sendable {
    /// The directory of the executables. If a name on `PATH` leads here, its directory is used instead of the link's
    /// target, because it survives an upgrade.
    package let directory: String
    package let search: ExecutableSearch
    /// The directory of the door `keyfob`, with all links resolved.
    private let programs: String
    private let path: String
    private let home: String

    /// - Parameters:
    ///   - executable: the path of this program.
    ///   - path: the value of `PATH`.
    ///   - home: the home directory.
    package init(executable: String, path: String, home: String) {
        (self.path, self.home) = (path, home)
        search = ExecutableSearch(path: path)
        programs = Self.programs(of: Paths.real(executable) ?? executable)
        if let found = search.path(of: "keyfob"), Self.isOneFile(found, programs + "/keyfob") {
            directory = Paths.parent(of: found)
        } else {
            directory = programs
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

    /// The target of a link: the door.
    func target(from path: String) -> String {
        Paths.parent(of: path).isSame(as: directory) ? "keyfob" : directory + "/keyfob"
    }

    /// The directory of the door: that of `keyfob-main` or, if that is in `libexec/keyfob`, `bin` beside `libexec`.
    private static func programs(of executable: String) -> String {
        let (directory, libexec) = (Paths.parent(of: executable), "/libexec/keyfob")
        guard directory.ends(with: libexec) else { return directory }
        return String(decoding: directory.utf8.dropLast(libexec.utf8.count), as: UTF8.self) + "/bin"
    }

    /// Whether `path` leads to one of our executables, which may itself be a link to the program or have other names. The door
    /// of an older version, `keyfob-door`, is none, wherever it is.
    package func isOurs(_ path: String) -> Bool {
        guard Paths.real(path).map({ Paths.name(of: $0).isSame(as: "keyfob-door") }) != true else { return false }
        return ["keyfob", "git-credential-keyfob"].contains { Self.isOneFile(path, programs + "/" + $0) }
    }

    private static func isOneFile(_ one: String, _ other: String) -> Bool {
        guard let one = try? FileStatus(of: one), let other = try? FileStatus(of: other) else { return false }
        return one.device == other.device && one.inode == other.inode
    }

    /// Whether a directory is on `PATH`.
    func isOnPath(_ directory: String) -> Bool { path.parts(at: ":").contains { $0.isSame(as: directory) } }
}
