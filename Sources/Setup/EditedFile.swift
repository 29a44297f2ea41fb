package import Files
import Glibc
import Secrets

/// A user's file that another program reads. keyfob changes it after the user has agreed.
///
/// The old text stays beside it (`NAME.before-keyfob`). The new file replaces the old one in one step and keeps its
/// mode and owner. A symbolic link stays a link, and its target is changed.
package struct EditedFile: Sendable {
    /// The path that the user knows.
    package let path: String
    /// The content of the file, or nil if there is no file.
    package let text: String?
    /// The path after all symbolic links are resolved.
    private let place: String
    private let attributes: OpenFile.Attributes?

    /// The reason why a file is left alone or could not be written.
    package enum Failure: Error, Sendable, Equatable {
        case unusable(FileError)
        /// The path leads to a directory, a device or a pipe.
        case notAFile(String)
        /// The file is larger than 1 MiB, so it is hardly a file of settings.
        case tooLarge(String)
        /// The file is not UTF-8, or has NUL in it.
        case notText(String)
        /// The owner has no write permission, which is taken as intended.
        case readOnly(String)
        /// The path is a symbolic link whose target does not exist.
        case leadsNowhere(String)
        /// The file has other names (hard links), which would keep the old text.
        case hasOtherNames(String)
        /// The file was changed after it was read.
        case changedMeanwhile(String)
    }

    private static let largest = 1_048_576

    /// Reads the file. A relative path starts at the working directory.
    package init(_ path: String) throws(Failure) {
        let path = path.begins(with: "/") ? path : (Paths.real(".") ?? "") + "/" + path
        self.path = path
        do throws(FileError) {
            _ = try FileStatus(of: path, followsLink: false)
        } catch {
            guard error.code == ENOENT else { throw .unusable(error) }
            (place, text, attributes) = (path, nil, nil)
            return
        }
        guard let real = Paths.real(path) else {
            throw errno == ENOENT ? .leadsNowhere(path) : .unusable(FileError(path, .system(errno)))
        }
        let (text, status) = try Self.read(real, knownAs: path)
        guard status.links == 1 else { throw .hasOtherNames(path) }
        guard status.mode & S_IWUSR != 0 else { throw .readOnly(path) }
        (place, self.text) = (real, text)
        attributes = OpenFile.Attributes(mode: status.mode, owner: status.owner, group: status.group)
    }

    private static func read(_ file: String, knownAs path: String) throws(Failure) -> (String, FileStatus) {
        let (bytes, status): ([UInt8], FileStatus)
        do throws(FileError) {
            let open = try OpenFile(reading: file, followsLink: false)
            status = try open.status()
            guard status.kind == .file else { throw FileError(path, .notAFile) }
            bytes = try open.bytes(upTo: largest)
        } catch {
            if error.problem == .notAFile { throw .notAFile(path) }
            if error.code == EFBIG { throw .tooLarge(path) }
            throw .unusable(FileError(path, error.problem))
        }
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else { throw .notText(path) }
        return (text, status)
    }

    // Writing.

    /// Replaces the text with `new`.
    ///
    /// - Parameter mode: the mode of a new file.
    /// - Returns: the path of the copy of the old text, or nil if there was no file.
    package func write(_ new: String, mode: UInt32 = 0o600) throws(Failure) -> String? {
        guard let text, let attributes else {
            guard !Paths.exists(place) else { throw .changedMeanwhile(path) }
            try Self.makeDirectories(Paths.parent(of: place))
            try replace(new, OpenFile.Attributes(mode: mode))
            return nil
        }
        guard try Self.read(place, knownAs: path).0.isSame(as: text) else { throw .changedMeanwhile(path) }
        let copy = try keep(text, attributes)
        try replace(new, attributes)
        return copy
    }

    /// Writes a copy beside the file under a name that does not exist yet, and returns its path. An existing copy with
    /// the same text is used again.
    private func keep(_ text: String, _ attributes: OpenFile.Attributes) throws(Failure) -> String {
        var attributes = attributes
        attributes.mode = 0o600
        for number in 1...999 {
            let copy = place + ".before-keyfob" + (number == 1 ? "" : ".\(number)")
            do throws(FileError) {
                let directory = try OpenFile(directory: Paths.parent(of: copy))
                let file = try directory.making(Paths.name(of: copy))
                do throws(FileError) {
                    try file.fill(Array(text.utf8), attributes)
                } catch {
                    directory.delete(Paths.name(of: copy))
                    throw error
                }
                return copy
            } catch {
                guard error.code == EEXIST else { throw .unusable(error) }
                if let (kept, _) = try? Self.read(copy, knownAs: copy), kept.isSame(as: text) { return copy }
            }
        }
        throw .unusable(FileError(place + ".before-keyfob", .system(EEXIST)))
    }

    private func replace(_ text: String, _ attributes: OpenFile.Attributes) throws(Failure) {
        let name = Paths.name(of: place)
        do throws(FileError) {
            try OpenFile(directory: Paths.parent(of: place))
                .replace(name, with: Array(text.utf8), attributes, temporary: ".\(name).keyfob-\(getpid())")
        } catch {
            throw .unusable(FileError(path, error.problem))
        }
    }

    /// Makes a symbolic link, and the missing directories on the way to it.
    static func makeLink(_ path: String, to target: String) throws(Failure) {
        try makeDirectories(Paths.parent(of: path))
        do throws(FileError) {
            try Paths.makeLink(path, to: target)
        } catch {
            throw .unusable(error)
        }
    }

    /// Makes the missing directories of the path, for this user alone.
    ///
    /// - Throws: ``Failure/unusable(_:)`` if root would make something in a directory of another user, because it would
    ///   then belong to root.
    private static func makeDirectories(_ path: String) throws(Failure) {
        do throws(FileError) {
            if geteuid() == 0 { try OwnDirectory.refuseForeign(path) }
            try OwnDirectory.make(path, refusesForeign: false)
        } catch {
            throw .unusable(error)
        }
    }
}
