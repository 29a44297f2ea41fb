import Glibc
import Secrets

/// Makes directories of keyfob's own, but none in a directory of another user. A directory that root makes there would
/// shut that user out. That happens if root has the user's environment (`sudo -E`).
package enum OwnDirectory {
    /// Makes the missing directories of `path`, for this user alone. If one cannot be made, its next use fails.
    ///
    /// - Parameter refusesForeign: whether nothing is made in a directory of another user. Root is no other user here.
    /// - Throws: ``FileError/Problem/ofAnotherUser(_:)`` if something is missing in such a directory.
    package static func make(_ path: String, refusesForeign: Bool = true) throws(FileError) {
        if refusesForeign { try refuseForeign(path) }
        var current = ""
        for part in path.parts(at: "/") where !part.isEmpty {
            current += "/" + part
            makeOne(current)
        }
    }

    /// Makes the directory `path`, for this user alone, if its parent exists.
    package static func makeOne(_ path: String) { unsafe mkdir(path, 0o700) }

    /// - Throws: the reason why no file can be made in the directory `path`. It names the directory that prevents it.
    package static func refuseObstacle(to path: String) throws(FileError) {
        guard var code = Paths.problem(withWritingInto: path) else { return }
        var place = path
        // If directories are missing, the nearest existing one has the reason.
        while code == ENOENT, place.utf8.count > 1 {
            place = Paths.parent(of: place)
            guard let next = Paths.problem(withWritingInto: place) else { throw FileError(path, .system(ENOENT)) }
            code = next
        }
        throw FileError(place, .system(code))
    }

    /// - Throws: ``FileError/Problem/ofAnotherUser(_:)`` if `path` belongs to another user. If `path` does not exist, the
    ///   nearest existing directory above it counts. Root is no other user here.
    package static func refuseForeign(_ path: String) throws(FileError) {
        var current = path
        while unsafe access(current, F_OK) != 0, errno == ENOENT, current.utf8.count > 1 {
            current = Paths.parent(of: current)
        }
        if let owner = foreignOwner(of: current) { throw FileError(current, .ofAnotherUser(owner)) }
    }

    /// The first directory or file on the way to `path` that another user, such as root, made in a directory of this user;
    /// nil if there is none.
    package static func lost(onTheWayTo path: String) -> String? {
        var (current, isOurs) = ("", false)
        for part in path.parts(at: "/") where !part.isEmpty {
            current += "/" + part
            guard let status = try? FileStatus(of: current, followsLink: false) else { return nil }
            if isOurs, !status.isOurs { return current }
            isOurs = status.isOurs
        }
        return nil
    }

    /// The owner of `path`, if that is another user; nil for this user, for root, and if there is nothing at `path`.
    package static func foreignOwner(of path: String) -> UInt32? {
        guard let status = try? FileStatus(of: path), !status.isOurs, status.owner != 0 else { return nil }
        return status.owner
    }

    /// The names of all entries of a directory; empty if it cannot be read. FoundationEssentials' FileManager would be
    /// linked for this one use.
    package static func names(in path: String) -> [String] {
        guard let entries = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(entries) }
        var names: [String] = []
        while let entry = unsafe readdir(entries) {
            names.append(
                unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                    unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                })
        }
        return names
    }
}
