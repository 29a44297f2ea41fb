import Glibc

/// A file in which another program keeps credentials for the user. keyfob only reads it, and only if the user owns it.
enum CredentialFile {
    /// The largest size that is read, in bytes. Even a file with thousands of passwords is smaller.
    private static let limit = 1_048_576

    /// Reads the file if the user owns it, and notes each problem with it.
    ///
    /// - Returns: the content, or nil if there is no file or it must not be read.
    static func read(_ path: String, _ findings: inout Findings) -> [UInt8]? {
        let place = FoundCredential.Place(file: path)
        // Opening a pipe would otherwise wait until somebody writes to it.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            if errno != ENOENT, errno != ENOTDIR { findings.note(.unreadable(errno: errno), at: place) }
            return nil
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            findings.note(.unreadable(errno: errno), at: place)
            return nil
        }
        if let reason = distrust(status) {
            findings.note(.notTrusted(reason), at: place)
            return nil
        }
        if status.st_mode & 0o077 != 0 { findings.note(.readableByOthers, at: place) }
        return bytes(descriptor, place, &findings)
    }

    /// The reason why the file is not read: a file from another user does not hold this user's passwords.
    private static func distrust(_ status: stat) -> String? {
        if status.st_mode & S_IFMT != S_IFREG { return "not a file" }
        if status.st_uid != geteuid() { return "another user's" }
        return status.st_size > limit ? "larger than \(limit) bytes" : nil
    }

    private static func bytes(
        _ descriptor: CInt, _ place: FoundCredential.Place, _ findings: inout Findings
    ) -> [UInt8]? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= limit {
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return bytes }
            guard count > 0 else {
                findings.note(.unreadable(errno: errno), at: place)
                return nil
            }
            bytes += buffer[..<count]
        }
        findings.note(.notTrusted("larger than \(limit) bytes"), at: place)
        return nil
    }
}
