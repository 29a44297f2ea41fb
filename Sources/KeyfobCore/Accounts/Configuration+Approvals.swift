package import Addresses
import Files
import Glibc

extension Configuration {
    /// Reads `files` as ``init(files:)`` does, and then the list of approved services, which keyfob writes itself.
    ///
    /// If the list cannot be read, the files still count, ``unreadableApprovals`` has the error, and no service is approved.
    ///
    /// - Throws: ``ConfigurationError`` for the first error in `files`.
    package init(files: [String], approvals: String?) throws(ConfigurationError) {
        try self.init(files: files)
        guard let approvals else { return }
        do throws(ConfigurationError) {
            let own = try Configuration(files: [approvals])
            hosts += own.hosts
            if store == nil, let theirs = own.store { (store, sources["store"]) = (theirs, own.sources["store"]) }
        } catch {
            unreadableApprovals = error
        }
    }

    /// The longest service with an entry in the list `file` that contains `url`.
    func approvedService(around url: ServiceURL, in file: String) -> ServiceURL? {
        hosts.filter { $0.service.contains(url) && $0.isFrom(file) }.map(\.service)
            .max { $0.pathSegments.count < $1.pathSegments.count }
    }

    /// - Throws: the error of the list of approved services, if the list may have an entry for `service`. Without that
    ///   entry keyfob could use another server than the user has approved.
    package func refuseUnknownApproval(of service: ServiceURL) throws(ConfigurationError) {
        guard let error = unreadableApprovals, Self.mayName(service, error) else { return }
        throw error
    }

    /// - Throws: the error of the list of approved services, for a caller that would have to write to it.
    package func refuseUnreadableApprovals() throws(ConfigurationError) {
        if let error = unreadableApprovals { throw error }
    }

    /// Whether the list with this error may have an entry for `service`. It has none if the name of the host is nowhere in
    /// it. A list that cannot be read at all, or that others may have written, may have any entry.
    static func mayName(_ service: ServiceURL, _ error: ConfigurationError) -> Bool {
        switch error.problem {
        case .unreadable(errno: EFBIG), .syntax, .unknownKey, .wrongType, .notAllowed, .badURL, .twice, .doubled,
            .secret,
            .incomplete:
            holds(Array(service.host.utf8), error.file) ?? true
        default: true
        }
    }

    /// The number of bytes in which a name is searched.
    private static let mostSearched = 67_108_864

    /// Whether the file contains `word`, which is in lower case, in either case; nil if reading it fails, or if a part of it
    /// is lost: after a crash of the machine, NUL can stand in the place of text.
    private static func holds(_ word: [UInt8], _ file: String) -> Bool? {
        guard let open = try? OpenFile(reading: file) else { return nil }
        var (rest, searched, isFound, isLost): ([UInt8], Int, Bool, Bool) = ([], 0, false, false)
        let isRead: Void? = try? open.pieces { piece in
            searched += piece.count
            isLost = isLost || piece.contains(0)
            let text = rest + piece.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
            isFound = !text.ranges(of: word).isEmpty
            rest = Array(text.suffix(word.count - 1))
            return !isFound && searched < mostSearched
        }
        if isFound { return true }
        return isRead == nil || isLost || searched >= mostSearched ? nil : false
    }
}

extension Configuration.Host {
    /// Whether `file` has this entry.
    func isFrom(_ file: String) -> Bool { sources.values.contains { $0.file == file } }
}
