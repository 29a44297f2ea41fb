import Glibc
import KeyfobCore

/// Where keyfob is, as other programs have to be told.
struct Installation: Sendable {
    /// The directory of the executables. A name on `PATH` that leads here outlives an upgrade, and counts more than
    /// where it leads.
    let directory: String
    let search: ExecutableSearch
    private let executable: String

    init() {
        search = ExecutableSearch(path: Surroundings.variable("PATH"))
        executable = Self.real("/proc/self/exe") ?? CommandLine.arguments[0]
        if let found = search.path(of: "keyfob"), Self.real(found) == executable {
            directory = Self.directory(of: found)
        } else {
            directory = Self.directory(of: executable)
        }
    }

    /// How a program that looks into `PATH` is told to start `name`: by its name alone if that is ours there.
    func command(_ name: String = "keyfob") -> String {
        search.path(of: name).map(isOurs) == true ? name : path(of: name)
    }

    /// The absolute path of `name`, which may not be there yet.
    func path(of name: String) -> String {
        let beside = directory + "/" + name
        if Self.exists(beside) { return beside }
        if let found = search.path(of: name), isOurs(found) { return found }
        return linkDirectory + "/" + name
    }

    /// Where links go: beside the executables, if programs find them there, else where people have their own.
    private var linkDirectory: String {
        let isWritable = unsafe access(directory, W_OK | X_OK) == 0
        if isWritable, isOnPath(directory + "/") { return directory }
        return (Surroundings.variable("HOME") ?? "") + "/.local/bin"
    }

    /// What links lead to: the door that answers fast where it is there.
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

    /// Whether programs find what is in the directory of `path`.
    func isOnPath(_ path: String) -> Bool {
        (Surroundings.variable("PATH") ?? "").split(separator: ":").contains { $0 == Self.directory(of: path) }
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
