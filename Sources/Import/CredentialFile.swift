import Files
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
        do throws(FileError) {
            let open = try OpenFile(reading: path)
            let status = try open.status()
            if let reason = distrust(status) {
                findings.note(.notTrusted(reason), at: place)
                return nil
            }
            if status.mode & 0o077 != 0 { findings.note(.readableByOthers, at: place) }
            let bytes = try open.bytes(upTo: limit)
            return bytes.starts(with: byteOrderMark) ? Array(bytes.dropFirst(byteOrderMark.count)) : bytes
        } catch {
            switch error.code {
            case ENOENT, ENOTDIR: break
            case EFBIG: findings.note(.notTrusted(tooLarge), at: place)
            case let code: findings.note(.unreadable(errno: code ?? EPERM), at: place)
            }
            return nil
        }
    }

    /// The reason why the file is not read: a file from another user does not hold this user's passwords.
    private static func distrust(_ status: FileStatus) -> String? {
        if status.kind != .file { return "not a file" }
        if !status.isOurs { return "another user's" }
        return status.size > limit ? tooLarge : nil
    }

    /// Some editors begin a text in UTF-8 with it. It is no part of the content.
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private static let tooLarge = "larger than \(limit) bytes"
}
