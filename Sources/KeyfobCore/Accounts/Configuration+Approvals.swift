package import CredentialProtocol
import Files
import Glibc

extension Configuration {
    /// Reads `files` as ``init(files:)`` does, and then the list of approved services, which keyfob writes itself.
    ///
    /// A list that cannot be read stops nothing here: what the files say holds, and ``unreadableApprovals`` tells. No service
    /// counts as approved then.
    ///
    /// - Throws: ``ConfigurationError`` for the first thing that is wrong in `files`.
    package init(files: [String], approvals: String?) throws(ConfigurationError) {
        try self.init(files: files)
        guard let approvals else { return }
        do throws(ConfigurationError) {
            hosts += try Configuration(files: [approvals]).hosts
        } catch {
            unreadableApprovals = error
        }
    }

    /// - Throws: what is wrong with the list of approved services, if that can have an entry for `service`. Who goes on
    ///   without knowing might be led to another server than the person has approved.
    package func refuseUnknownApproval(of service: ServiceURL) throws(ConfigurationError) {
        guard let error = unreadableApprovals, Self.mayName(service, error) else { return }
        throw error
    }

    /// - Throws: what is wrong with the list of approved services, for whoever would have to write to it.
    package func refuseUnreadableApprovals() throws(ConfigurationError) {
        if let error = unreadableApprovals { throw error }
    }

    /// Whether the list that `error` is about may have an entry for `service`. It cannot have one if it nowhere names the
    /// host; that is not known of a list that cannot be read at all, or that others may have written.
    static func mayName(_ service: ServiceURL, _ error: ConfigurationError) -> Bool {
        switch error.problem {
        case .unreadable(errno: EFBIG), .syntax, .unknownKey, .wrongType, .notAllowed, .badURL, .incomplete:
            holds(Array(service.host.utf8), error.file) ?? true
        default: true
        }
    }

    /// The most that is searched for a name, in bytes.
    private static let mostSearched = 67_108_864

    /// Whether the file holds `word`, which has no capital letters, in either case; nil where that cannot be told.
    private static func holds(_ word: [UInt8], _ file: String) -> Bool? {
        guard let open = try? OpenFile(reading: file) else { return nil }
        var (rest, searched, isFound): ([UInt8], Int, Bool) = ([], 0, false)
        let isRead: Void? = try? open.pieces { piece in
            searched += piece.count
            let text = rest + piece.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
            isFound = !text.ranges(of: word).isEmpty
            rest = Array(text.suffix(word.count - 1))
            return !isFound && searched < mostSearched
        }
        if isFound { return true }
        return isRead == nil || searched >= mostSearched ? nil : false
    }
}
