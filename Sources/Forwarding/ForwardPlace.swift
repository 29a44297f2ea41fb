package import Files
import Glibc
import Secrets

/// The directory of one forward on this machine: the socket, and a file that says which process serves it.
package struct ForwardPlace: Sendable {
    /// The name of the forward: the other machine, as the user calls it.
    package let name: String
    package let directory: String

    package var socket: String { directory + "/agent.sock" }

    private static let record = "forward"

    /// - Parameters:
    ///   - runtime: keyfob's runtime directory.
    ///   - name: any text; the directory has another name if it has other characters than those of host names.
    package init(runtime: String, name: String) {
        self.name = name
        let plain = name.utf8.map { Self.isPlain($0) ? $0 : UInt8(ascii: "_") }
        // Neither "." nor "..", and no hidden directory.
        let start = plain.first == UInt8(ascii: ".") ? "_" : ""
        directory = Self.all(runtime) + "/" + start + String(decoding: plain, as: UTF8.self)
    }

    /// The directory of all forwards.
    private static func all(_ runtime: String) -> String { runtime + "/forward" }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-@_+.".utf8.contains(byte)
        }
    }

    /// A forward whose agent runs.
    package struct Running: Sendable, Equatable {
        package var name: String
        package var process: Int32
        /// Seconds since 1970-01-01 UTC.
        package var since: Int64
        /// What the command line allows.
        package var allowed: [String]
        package var socket: String
    }

    /// The hold on a place. It ends when the process ends.
    package struct Held: Sendable {
        fileprivate let lock: OpenFile

        package func release() { lock.unlock() }
    }

    /// Takes the place for this process.
    ///
    /// - Returns: nil if another agent has it.
    package func take(allowed: [String], now: Int64) throws(FileError) -> Held? {
        try OwnDirectory.make(directory)
        let status = try FileStatus(of: directory, followsLink: false)
        guard status.kind == .directory, status.isOurs else { throw FileError(directory, .ofAnotherUser(status.owner)) }
        let lock = try OpenFile(directory: directory, followsLink: false).changing(Self.record)
        guard try lock.tryLock() else { return nil }
        lock.firstByte = nil
        let lines = [name, String(getpid()), String(now)] + allowed
        try lock.write(Array((lines.joined(separator: "\n") + "\n").utf8))
        return Held(lock: lock)
    }

    /// Deletes the directory.
    package func clear() {
        guard let place = try? OpenFile(directory: directory, followsLink: false) else { return }
        place.delete("agent.sock")
        place.delete(Self.record)
        Paths.deleteDirectory(directory)
    }

    /// The forwards whose agents run, by name.
    package static func running(runtime: String) -> [Running] {
        OwnDirectory.names(in: all(runtime)).sorted().compactMap { entry in
            let directory = all(runtime) + "/" + entry
            guard entry.utf8.first != UInt8(ascii: "."), let file = try? OpenFile(reading: directory + "/" + record),
                (try? file.tryLock()) == false, let bytes = try? file.bytes(upTo: 65_536)
            else { return nil }
            let lines = String(decoding: bytes, as: UTF8.self).parts(at: "\n").map(String.init)
            guard lines.count >= 4, let process = Int32(lines[1]), process > 1, let since = Int64(lines[2]) else {
                return nil
            }
            return Running(
                name: lines[0], process: process, since: since, allowed: Array(lines[3...].dropLast()),
                socket: directory + "/agent.sock")
        }
    }
}
