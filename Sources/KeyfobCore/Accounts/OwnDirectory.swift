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
        if refusesForeign { try refuseForeign(path) }
        var current = ""
        for part in path.split(separator: "/") {
            current += "/" + part
            _ = unsafe mkdir(current, 0o700)
        }
    }

    /// Why nothing can be written into the directory `path`, and the directory that is in the way; nil if something can.
    static func obstacle(to path: String) -> (place: String, code: Int32)? {
        guard unsafe access(path, W_OK | X_OK) != 0 else { return nil }
        var (place, code) = (path, errno)
        // Of what is missing, the reason is in the nearest directory that is there.
        while code == ENOENT, place.utf8.count > 1 {
            place = parent(of: place)
            guard unsafe access(place, W_OK | X_OK) != 0 else { return (path, ENOENT) }
            code = errno
        }
        return (place, code)
    }

    /// - Throws: ``Foreign`` where `path`, or what is missing of it would be in, belongs to another user; root is none.
    package static func refuseForeign(_ path: String) throws(Foreign) {
        var current = path
        while unsafe access(current, F_OK) != 0, errno == ENOENT, current.count > 1 { current = parent(of: current) }
        if let owner = foreignOwner(of: current) { throw Foreign(path: current, owner: owner) }
    }

    /// The first directory or file on the way to `path` that is not this user's, though it is in a directory of this user:
    /// what root has made there. nil where there is none.
    package static func lost(onTheWayTo path: String) -> String? {
        var (current, isOurs) = ("", false)
        for part in path.split(separator: "/") {
            current += "/" + part
            var status = stat()
            guard unsafe lstat(current, &status) == 0 else { return nil }
            if isOurs, status.st_uid != geteuid() { return current }
            isOurs = status.st_uid == geteuid()
        }
        return nil
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
