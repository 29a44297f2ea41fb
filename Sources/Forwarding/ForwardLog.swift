package import Files
import Glibc

/// The log of what other machines were given: `log.jsonl` in the user's state directory, and the generation before it.
package struct ForwardLog: Sendable {
    /// The directory of the log.
    package let directory: String
    /// The maximum size of a generation in bytes.
    private let largest: Int64

    package static let name = "log.jsonl"
    /// The older generation.
    package static let older = "log.jsonl.1"

    package init(directory: String, largest: Int64 = 1_048_576) {
        (self.directory, self.largest) = (directory, largest)
    }

    /// `$XDG_STATE_HOME/keyfob`, or `~/.local/state/keyfob`; nil if there is no home directory.
    package static func directory(variable: (String) -> String?) -> String? {
        if let state = variable("XDG_STATE_HOME"), state.utf8.first == UInt8(ascii: "/") { return state + "/keyfob" }
        guard let home = variable("HOME"), home.utf8.first == UInt8(ascii: "/") else { return nil }
        return home + "/.local/state/keyfob"
    }

    /// The paths of both generations, the older one first.
    package var files: [String] { [directory + "/" + Self.older, directory + "/" + Self.name] }

    /// Appends a line.
    ///
    /// Several agents write into one file, so the lock of the directory is held meanwhile.
    package func append(_ line: [UInt8]) throws(FileError) {
        try OwnDirectory.make(directory)
        let place = try OpenFile(directory: directory)
        try place.lock()
        defer { place.unlock() }
        let path = directory + "/" + Self.name
        if let status = try? FileStatus(of: path, followsLink: false), status.size + Int64(line.count) > largest {
            try place.rename(Self.name, to: Self.older)
        }
        try OpenFile(appendingTo: path).write(line)
    }
}
