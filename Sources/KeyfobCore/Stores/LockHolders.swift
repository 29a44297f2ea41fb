import Files

/// The holders of flock(2) locks, as the kernel lists them in `/proc/locks` (proc_locks(5)). Reading the list takes no
/// lock, so no process has to wait.
package struct LockHolders: Sendable, Equatable {
    /// A file, independent of its name: an inode number is unique only within one file system.
    private struct File: Hashable {
        let major, minor, inode: UInt64
    }

    /// The holding process of each locked file.
    private let holders: [File: Int32]

    /// The holders now; none if the system does not show them.
    package static var current: LockHolders { LockHolders(SystemFile.text("/proc/locks") ?? "") }

    /// Parses lines such as
    ///
    ///     2: FLOCK  ADVISORY  WRITE 1234 00:2e:4711 0 EOF
    ///
    /// (process; major and minor device number in hexadecimal, and inode). Lines of waiting processes (`2: -> FLOCK
    /// ...`) are skipped.
    package init(_ text: String) {
        var holders: [File: Int32] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 6, words[1] == "FLOCK", let process = Int32(words[4]) else { continue }
            let parts = words[5].split(separator: ":")
            guard parts.count == 3, let major = UInt64(parts[0], radix: 16), let minor = UInt64(parts[1], radix: 16),
                let inode = UInt64(parts[2])
            else { continue }
            holders[File(major: major, minor: minor, inode: inode)] = process
        }
        self.holders = holders
    }

    /// The process that holds the lock of a file, or nil if there is none or the system does not show it.
    ///
    /// - Parameters:
    ///   - device: the number from stat(2), which combines the major and the minor number (makedev(3)).
    package func holder(device: UInt64, inode: UInt64) -> Int32? {
        let major = device >> 8 & 0xFFF | device >> 32 & ~0xFFF
        let minor = device & 0xFF | device >> 12 & ~0xFF
        return holders[File(major: major, minor: minor, inode: inode)]
    }
}
