/// Who holds locks of flock(2), as the kernel tells in `/proc/locks` (proc_locks(5)): to look takes no lock, which would
/// make somebody else wait.
package struct LockHolders: Sendable, Equatable {
    /// The process for each inode that is locked.
    private let holders: [UInt64: Int32]

    /// Reads lines such as
    ///
    ///     2: FLOCK  ADVISORY  WRITE 1234 00:2e:4711 0 EOF
    ///
    /// those of who waits (`2: -> FLOCK ...`) left out.
    package init(_ text: String) {
        var holders: [UInt64: Int32] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 6, words[1] == "FLOCK", let process = Int32(words[4]),
                let inode = words[5].split(separator: ":").last.flatMap({ UInt64($0) })
            else { continue }
            holders[inode] = process
        }
        self.holders = holders
    }

    /// The process that holds the lock of a file; nil where nobody does.
    package func holder(ofInode inode: UInt64) -> Int32? { holders[inode] }
}
