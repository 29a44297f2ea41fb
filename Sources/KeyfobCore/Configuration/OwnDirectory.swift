import Glibc

/// Makes directories of keyfob's own, and none in a directory of another user: there it would shut that user out, as root
/// does that has the person's environment (`sudo -E`).
package enum OwnDirectory {
    /// What is in the way is in a directory of this user.
    package struct Foreign: Error, Sendable, Equatable {
        package var path: String
        package var owner: UInt32
    }

    /// Makes what is missing of `path`, for this user alone. What cannot be made is found out by whoever uses it.
    ///
    /// - Parameter refusesForeign: whether nothing is made in a directory of another user; root is none.
    /// - Throws: ``Foreign`` where something is missing in such a directory.
    package static func make(_ path: String, refusesForeign: Bool = true) throws(Foreign) {
        var current = ""
        for part in path.split(separator: "/") {
            let parent = current.isEmpty ? "/" : current
            current += "/" + part
            guard unsafe access(current, F_OK) != 0, errno == ENOENT else { continue }
            if refusesForeign, let owner = foreignOwner(of: parent) { throw Foreign(path: parent, owner: owner) }
            _ = unsafe mkdir(current, 0o700)
        }
    }

    /// The owner of what is at `path`, if it is another user; nil for this user, for root, and where there is nothing.
    package static func foreignOwner(of path: String) -> UInt32? {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_uid != geteuid(), status.st_uid != 0 else { return nil }
        return status.st_uid
    }

    /// The directory that `path` is in.
    package static func parent(of path: String) -> String {
        guard let end = path.lastIndex(of: "/") else { return "." }
        return end == path.startIndex ? "/" : String(path[..<end])
    }
}
