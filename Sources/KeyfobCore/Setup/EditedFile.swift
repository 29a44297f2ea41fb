import Files
import Glibc

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
    private let status: Status?

    private struct Status {
        var mode: mode_t
        var owner: uid_t
        var group: gid_t
    }

    /// The reason why a file is left alone or could not be written.
    package enum Failure: Error, Sendable, Equatable {
        case unusable(file: String, errno: Int32)
        /// The path leads to a directory, a device or a pipe.
        case notAFile(String)
        /// The file is larger than 1 MiB: nobody writes so many settings.
        case tooLarge(String)
        /// The file is not UTF-8, or has NUL in it.
        case notText(String)
        /// The owner has no write permission, which is taken as intended.
        case readOnly(String)
        /// The path is a symbolic link whose target does not exist.
        case leadsNowhere(String)
        /// The file has other names (hard links), which would keep the old text.
        case hasOtherNames(String)
        /// The file would be created in a directory of another user.
        case foreign(String, owner: UInt32)
        /// The file was changed after it was read.
        case changedMeanwhile(String)
    }

    private static let largest = 1_048_576

    /// Reads the file. A relative path starts at the working directory.
    package init(_ path: String) throws(Failure) {
        let path = path.hasPrefix("/") ? path : (Self.real(".") ?? "") + "/" + path
        self.path = path
        var link = stat()
        guard unsafe lstat(path, &link) == 0 else {
            guard errno == ENOENT else { throw .unusable(file: path, errno: errno) }
            (place, text, status) = (path, nil, nil)
            return
        }
        guard let real = Self.real(path) else {
            throw errno == ENOENT ? .leadsNowhere(path) : .unusable(file: path, errno: errno)
        }
        let (text, found) = try Self.read(real, knownAs: path)
        guard found.st_nlink == 1 else { throw .hasOtherNames(path) }
        guard found.st_mode & S_IWUSR != 0 else { throw .readOnly(path) }
        (place, self.text) = (real, text)
        status = Status(mode: found.st_mode & 0o7777, owner: found.st_uid, group: found.st_gid)
    }

    private static func real(_ path: String) -> String? {
        guard let real = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(real) }
        return unsafe String(validatingCString: real)
    }

    private static func read(_ file: String, knownAs path: String) throws(Failure) -> (String, stat) {
        // Do not wait for the other end of a pipe.
        let descriptor = unsafe open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unusable(file: path, errno: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .unusable(file: path, errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 { throw .unusable(file: path, errno: errno) }
            if count == 0 { break }
            bytes += buffer[..<count]
            if bytes.count > largest { throw .tooLarge(path) }
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
        let directory = Self.directory(of: place)
        guard let text, let status else {
            try Self.makeDirectories(directory)
            guard unsafe access(place, F_OK) != 0 else { throw .changedMeanwhile(path) }
            try replace(new, Status(mode: mode, owner: geteuid(), group: getegid()))
            return nil
        }
        guard try Self.read(place, knownAs: path).0.utf8.elementsEqual(text.utf8) else {
            throw .changedMeanwhile(path)
        }
        let copy = try keep(text, status)
        try replace(new, status)
        return copy
    }

    /// Writes a copy beside the file under a name that does not exist yet, and returns its path. An existing copy with
    /// the same text is used again.
    private func keep(_ text: String, _ status: Status) throws(Failure) -> String {
        for number in 1...999 {
            let copy = place + ".before-keyfob" + (number == 1 ? "" : ".\(number)")
            let descriptor = unsafe open(copy, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else {
                guard errno == EEXIST else { throw .unusable(file: copy, errno: errno) }
                if let (kept, _) = try? Self.read(copy, knownAs: copy), kept.utf8.elementsEqual(text.utf8) {
                    return copy
                }
                continue
            }
            defer { close(descriptor) }
            do throws(Failure) {
                try Self.fill(descriptor, copy, text, Status(mode: 0o600, owner: status.owner, group: status.group))
            } catch {
                _ = unsafe unlink(copy)
                throw error
            }
            return copy
        }
        throw .unusable(file: place + ".before-keyfob", errno: EEXIST)
    }

    private func replace(_ text: String, _ status: Status) throws(Failure) {
        let temporary = besides
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unusable(file: path, errno: errno) }
        defer { close(descriptor) }
        do throws(Failure) {
            try Self.fill(descriptor, path, text, status)
            guard unsafe rename(temporary, place) == 0 else { throw Failure.unusable(file: path, errno: errno) }
        } catch {
            _ = unsafe unlink(temporary)
            throw error
        }
        let directory = unsafe open(Self.directory(of: place), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        fsync(directory)
        close(directory)
    }

    /// The path of a temporary file in the same directory, with this process in its name.
    package var besides: String {
        let name = place.split(separator: "/").last ?? ""
        return Self.directory(of: place) + "/.\(name).keyfob-\(getpid())"
    }

    private static func fill(
        _ descriptor: Int32, _ file: String, _ text: String, _ status: Status
    ) throws(Failure) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw .unusable(file: file, errno: errno) }
            rest = rest.dropFirst(count)
        }
        let isOthers = status.owner != geteuid() || status.group != getegid()
        guard !isOthers || fchown(descriptor, status.owner, status.group) == 0,
            fchmod(descriptor, status.mode) == 0, fsync(descriptor) == 0
        else { throw .unusable(file: file, errno: errno) }
    }

    private static func directory(of path: String) -> String {
        let end = path.lastIndex(of: "/") ?? path.startIndex
        return end == path.startIndex ? "/" : String(path[..<end])
    }

    /// Creates the missing directories of the path, for this user alone.
    ///
    /// - Throws: ``Failure/foreign(_:owner:)`` if root would create something in a directory of another user, because
    ///   it would then belong to root.
    package static func makeDirectories(_ path: String) throws(Failure) {
        let isRoot = geteuid() == 0
        do throws(FileError) {
            try OwnDirectory.make(path, refusesForeign: isRoot)
        } catch {
            guard case .ofAnotherUser(let owner) = error.problem else {
                throw .unusable(file: error.path, errno: EPERM)
            }
            throw .foreign(error.path, owner: owner)
        }
        if isRoot, let owner = OwnDirectory.foreignOwner(of: path) { throw .foreign(path, owner: owner) }
    }
}

extension EditedFile {
    /// The text that `body` makes of a copy of this file. The copy is then deleted.
    ///
    /// The copy is beside the file, so relative paths in it stay valid and no secret gets to a new directory. If there
    /// is no file yet, there are no secrets, and the copy is in a temporary directory.
    ///
    /// - Parameter body: gets the path of the copy.
    package func changedCopy(_ body: (String) async throws -> Void) async throws -> String {
        guard let text, let status else {
            var template = Array("/tmp/keyfob-XXXXXX".utf8CString)
            guard unsafe mkdtemp(&template) != nil else { throw Failure.unusable(file: "/tmp", errno: errno) }
            let directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            defer { _ = unsafe rmdir(directory) }
            return try await Self.changed(directory + "/settings", path, body)
        }
        let copy = besides
        let descriptor = unsafe open(copy, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure.unusable(file: path, errno: errno) }
        defer { close(descriptor) }
        do {
            try Self.fill(descriptor, path, text, Status(mode: 0o600, owner: status.owner, group: status.group))
        } catch {
            _ = unsafe unlink(copy)
            throw error
        }
        return try await Self.changed(copy, path, body)
    }

    private static func changed(
        _ copy: String, _ path: String, _ body: (String) async throws -> Void
    ) async throws -> String {
        // Ctrl-C must not leave the copy behind. No tool runs for longer than a minute.
        let signals = [SIGINT, SIGTERM, SIGHUP, SIGTSTP]
        let handlers = signals.map { signal($0, SIG_IGN) }
        defer {
            _ = unsafe unlink(copy)
            for (number, handler) in zip(signals, handlers) { _ = signal(number, handler) }
        }
        try await body(copy)
        return try read(copy, knownAs: path).0
    }
}
