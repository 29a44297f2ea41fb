import Files

/// Finds programs in the absolute entries of `PATH`, never in the working directory. That may hold files of other
/// people, for example in a clone.
package struct ExecutableSearch: Sendable {
    let directories: [String]

    /// - Parameter path: the value of `PATH`; nil or empty means the system's own directories.
    package init(path: String?) {
        let value = path.flatMap { $0.isEmpty ? nil : $0 } ?? "/usr/local/bin:/usr/bin:/bin"
        directories = value.split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
    }

    /// The absolute path of `name`; nil if no directory has such a program. If `name` is an absolute path, that path. A
    /// relative path with a slash is never found.
    package func path(of name: String) -> String? {
        if name.contains("/") { return name.hasPrefix("/") && isExecutable(name) ? name : nil }
        return directories.lazy.map { $0 + "/" + name }.first(where: isExecutable)
    }

    private func isExecutable(_ path: String) -> Bool {
        (try? FileStatus(of: path))?.kind == .file && Paths.isExecutable(path)
    }
}
