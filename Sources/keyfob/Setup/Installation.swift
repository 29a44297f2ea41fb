import Glibc
import KeyfobCore

/// The location of keyfob, in the forms that other programs need.
struct Installation: Sendable {
    /// The directory of the executables. If a name on `PATH` leads here, its directory is used instead of the link's
    /// target, because it survives an upgrade.
    let directory: String
    let search: ExecutableSearch
    private let executable: String

    init() {
        search = ExecutableSearch(path: Environment.variable("PATH"))
        executable = Self.real("/proc/self/exe") ?? CommandLine.arguments[0]
        if let found = search.path(of: "keyfob"), Self.real(found) == executable {
            directory = Self.directory(of: found)
        } else {
            directory = Self.directory(of: executable)
        }
    }

    /// The command with which a program that searches `PATH` starts `name`: the name alone if `PATH` finds our
    /// executable, otherwise its path.
    func command(_ name: String = "keyfob") -> String {
        search.path(of: name).map(isOurs) == true ? name : path(of: name)
    }

    /// The absolute path of `name`, which may not exist yet.
    func path(of name: String) -> String {
        let beside = directory + "/" + name
        if Self.exists(beside) { return beside }
        if let found = search.path(of: name), isOurs(found) { return found }
        return linkDirectory + "/" + name
    }

    /// The directory for links: beside the executables if it is writable and on `PATH`, otherwise `~/.local/bin`.
    private var linkDirectory: String {
        let isWritable = unsafe access(directory, W_OK | X_OK) == 0
        if isWritable, isOnPath(directory + "/") { return directory }
        return (Environment.variable("HOME") ?? "") + "/.local/bin"
    }

    /// The target of a link: the door, which answers faster, if it is installed.
    func target(from path: String) -> String {
        let name = Self.exists(directory + "/keyfob-door") ? "keyfob-door" : "keyfob"
        return Self.directory(of: path) == directory ? name : directory + "/" + name
    }

    /// Whether `path` leads to one of our executables.
    func isOurs(_ path: String) -> Bool {
        guard let real = Self.real(path) else { return false }
        let home = Self.directory(of: executable)
        return ["keyfob", "keyfob-door", "git-credential-keyfob"].contains { real == home + "/" + $0 }
    }

    /// Whether the directory of `path` is on `PATH`.
    func isOnPath(_ path: String) -> Bool {
        (Environment.variable("PATH") ?? "").split(separator: ":").contains { $0 == Self.directory(of: path) }
    }

    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    static func directory(of path: String) -> String {
        let end = path.lastIndex(of: "/") ?? path.startIndex
        return end == path.startIndex ? "/" : String(path[..<end])
    }

    private static func real(_ path: String) -> String? {
        guard let real = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(real) }
        return unsafe String(validatingCString: real)
    }
}
