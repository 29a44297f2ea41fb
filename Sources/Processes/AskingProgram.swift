import Files
import Glibc

/// Finds the program that a request comes from: the nearest process above this one whose program the user knows.
package enum AskingProgram {
    /// Programs between the user's program and keyfob: git with its parts, shells, and keyfob itself.
    private static let between = [
        "git", "keyfob", "sh", "dash", "bash", "zsh", "fish", "env", "setsid", "nice", "timeout", "sudo", "xargs",
    ]

    /// Programs that end the search: all processes descend from them.
    private static let roots = ["systemd", "init", "dumb-init", "tini", "bwrap"]

    /// The name of that program's file, or of the script that it runs; nil if there are only git, shells and programs without
    /// a name of their own, or if /proc does not show the process.
    ///
    /// - Parameters:
    ///   - first: the process at which the search begins, by default our parent.
    ///   - process: returns the name and the parent of a process; tests replace it.
    ///   - arguments: returns the arguments of a process with that program; tests replace it.
    package static func name(
        above first: Int32 = getppid(), process: (Int32) -> (name: String, parent: Int32)? = Self.process,
        arguments: (Int32) -> [String] = Self.arguments
    ) -> String? {
        var id = first
        for _ in 0..<32 {  // No chain is longer; it may change meanwhile
            guard id > 1, let found = process(id), !roots.contains(found.name) else { return nil }
            let name = Interpreter(found.name).map { $0.script(in: arguments(id)) } ?? found.name
            if let name, !isBetween(name) { return name }
            id = found.parent
        }
        return nil
    }

    private static func isBetween(_ name: String) -> Bool {
        between.contains(name) || betweenPrefixes.contains(where: name.hasPrefix) || name.hasSuffix("-keyfob")
    }

    /// The last is the mark of a program that was never a file, whose name says nothing (memfd_create(2)).
    private static let betweenPrefixes = ["git-", "keyfob-", "memfd:"]

    /// The name of a process's program, and its parent (proc(5)). The name is that of the file, or else the process's own
    /// name for itself.
    package static func process(_ id: Int32) -> (name: String, parent: Int32)? {
        // `ID (NAME) STATE PARENT ...`. The name may hold any character, also parentheses.
        guard let line = SystemFile.text("/proc/\(id)/stat").map({ Array($0.utf8) }),
            let open = line.firstIndex(of: UInt8(ascii: "(")),
            let close = line.lastIndex(of: UInt8(ascii: ")")), open < close,
            let parent = line[line.index(after: close)...].split(separator: UInt8(ascii: " ")).dropFirst().first,
            let number = Int32(String(decoding: parent, as: UTF8.self))
        else { return nil }
        let itself = String(decoding: line[line.index(after: open)..<close], as: UTF8.self)
        return (file("/proc/\(id)/exe") ?? itself, number)
    }

    /// The arguments of a process after its name; none if /proc does not show them (proc(5)).
    package static func arguments(_ id: Int32) -> [String] {
        let text = SystemFile.text("/proc/\(id)/cmdline") ?? ""
        return text.split(separator: "\0").dropFirst().map(String.init)
    }

    /// The last part of a link's target, without the mark that the kernel adds if the file was replaced.
    private static func file(_ link: String) -> String? {
        guard let path = Paths.target(ofLink: link) else { return nil }
        let mark = " (deleted)"
        let plain = path.hasSuffix(mark) ? path.dropLast(mark.count) : path[...]
        return plain.split(separator: "/").last.map(String.init)
    }
}
