/// Who holds locks of flock(2), as the kernel tells in `/proc/locks` (proc_locks(5)): to look takes no lock, which would
/// make somebody else wait.
package struct LockHolders: Sendable, Equatable {
    /// A file, whatever its name: inodes are numbers of one file system.
    private struct File: Hashable {
        let major, minor, inode: UInt64
    }

    /// The process for each file that is locked.
    private let holders: [File: Int32]

    /// Reads lines such as
    ///
    ///     2: FLOCK  ADVISORY  WRITE 1234 00:2e:4711 0 EOF
    ///
    /// (process; major and minor number of the device, in hexadecimal, and inode), those of who waits
    /// (`2: -> FLOCK ...`) left out.
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

    /// The process that holds the lock of a file; nil where nobody does, or the system does not show it.
    ///
    /// - Parameters:
    ///   - device: as stat(2) has it, which is major and minor number in one (makedev(3)).
    package func holder(device: UInt64, inode: UInt64) -> Int32? {
        let major = device >> 8 & 0xFFF | device >> 32 & ~0xFFF
        let minor = device & 0xFF | device >> 12 & ~0xFF
        return holders[File(major: major, minor: minor, inode: inode)]
    }
}
