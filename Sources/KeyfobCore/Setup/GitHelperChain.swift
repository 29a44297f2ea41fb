package import CredentialProtocol

/// The helpers that git asks one after the other (gitcredentials(7)): each may answer, and each is given what another one
/// has answered, to keep it.
package struct GitHelperChain: Sendable, Equatable {
    /// One `credential.helper` or `credential.URL.helper`.
    package struct Entry: Sendable, Equatable {
        /// `system`, `global`, `local`, ...
        package var scope: String
        /// `file:/etc/gitconfig`.
        package var origin: String
        /// The part between `credential.` and `.helper`.
        package var url: String?
        /// Empty: what was said before counts no more.
        package var helper: String

        /// Whether it is keyfob.
        package var isKeyfob: Bool {
            let program = helper.split(separator: " ").first?.split(separator: "/").last
            let isPath = helper.hasPrefix("/")
            return isPath ? program.map { $0.hasPrefix("git-credential-keyfob") } ?? false : program == "keyfob"
        }
    }

    package let entries: [Entry]

    /// - Parameter output: of `git config -z --show-scope --show-origin --get-regexp ^credential\.(.*\.)?helper$`.
    package init(output: [UInt8]) {
        let fields = output.split(separator: 0, omittingEmptySubsequences: false)
        entries = stride(from: 0, to: max(fields.count - 2, 0), by: 3).compactMap { index in
            let pair = fields[index + 2].split(
                separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(decoding: pair[0], as: UTF8.self)
            guard name.hasPrefix("credential."), name.lowercased().hasSuffix(".helper") else { return nil }
            let url = name.dropFirst("credential.".count).dropLast("helper".count).dropLast()
            return Entry(
                scope: String(decoding: fields[index], as: UTF8.self),
                origin: String(decoding: fields[index + 1], as: UTF8.self), url: url.isEmpty ? nil : String(url),
                helper: pair.count < 2 ? "" : String(decoding: pair[1], as: UTF8.self))
        }
    }

    /// The helpers that git asks for `service`; for none: those that it asks wherever nothing else is said.
    package func asked(for service: ServiceURL?) -> [Entry] {
        var asked: [Entry] = []
        for entry in entries where Self.covers(entry.url, service) {
            if entry.helper.isEmpty { asked = [] } else { asked.append(entry) }
        }
        return asked
    }

    private static func covers(_ url: String?, _ service: ServiceURL?) -> Bool {
        guard let url else { return true }
        guard let service else { return false }
        if let written = try? ServiceURL(url) { return written.contains(service) }
        // git takes a host alone, too.
        return url == service.host
    }
}
