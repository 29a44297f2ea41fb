import Files
import Glibc

/// Which program a request comes from: the nearest one above this process that a person would know.
package enum AskingProgram {
    /// What stands between a person's program and us: git with its parts, shells, and ourselves.
    private static let between = [
        "git", "keyfob", "sh", "dash", "bash", "zsh", "fish", "env", "setsid", "nice", "timeout", "sudo", "xargs",
    ]

    /// Those that end the search: everybody descends from them.
    private static let roots = ["systemd", "init", "dumb-init", "tini", "bwrap"]

    /// The name of that program's file; nil where there is none but git and shells, or its process cannot be looked at.
    ///
    /// - Parameters:
    ///   - first: the process at which to begin, by default our parent.
    ///   - process: what is known of a process, for tests.
    package static func name(
        above first: Int32 = getppid(), process: (Int32) -> (name: String, parent: Int32)? = Self.process
    ) -> String? {
        var id = first
        for _ in 0..<32 {  // no chain is as long as that; and one may change while it is read
            guard id > 1, let found = process(id), !roots.contains(found.name) else { return nil }
            if !isBetween(found.name) { return found.name }
            id = found.parent
        }
        return nil
    }

    private static func isBetween(_ name: String) -> Bool {
        between.contains(name) || ["git-", "keyfob-"].contains(where: name.hasPrefix) || name.hasSuffix("-keyfob")
    }

    /// The name of a process's program, by its file or else by what it calls itself, and its parent (proc(5)).
    package static func process(_ id: Int32) -> (name: String, parent: Int32)? {
        // `ID (NAME) STATE PARENT ...`, where the name may hold anything.
        guard let line = SystemFile.text("/proc/\(id)/stat").map({ Array($0.utf8) }),
            let open = line.firstIndex(of: UInt8(ascii: "(")),
            let close = line.lastIndex(of: UInt8(ascii: ")")), open < close,
            let parent = line[line.index(after: close)...].split(separator: UInt8(ascii: " ")).dropFirst().first,
            let number = Int32(String(decoding: parent, as: UTF8.self))
        else { return nil }
        let itself = String(decoding: line[line.index(after: open)..<close], as: UTF8.self)
        return (file("/proc/\(id)/exe") ?? itself, number)
    }

    /// The last part of where a link leads; a file that has been replaced since is marked by the kernel.
    private static func file(_ link: String) -> String? {
        guard let path = Paths.target(ofLink: link) else { return nil }
        let mark = " (deleted)"
        let plain = path.hasSuffix(mark) ? path.dropLast(mark.count) : path[...]
        return plain.split(separator: "/").last.map(String.init)
    }
}
