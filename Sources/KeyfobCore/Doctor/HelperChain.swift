package import CredentialProtocol

/// The helpers that git asks for a service, in their order (gitcredentials(7)).
///
/// git asks one after the other until it has a password; and tells each of them, whoever gave it, once it was accepted: a
/// helper that keeps what it is told keeps our tokens, too.
package struct HelperChain: Sendable, Equatable {
    package struct Helper: Sendable, Equatable {
        /// What is known of it by its name alone. A shell command may hold anything, and is not told.
        package let kind: Kind
        /// Where it is set: a file, or what git says instead (`command line`).
        package let origin: String
        /// The absolute path by which it is set.
        package let path: String?
    }

    package enum Kind: Sendable, Equatable {
        case keyfob
        case named(String)
        case shellCommand
    }

    /// What is wrong with the chain, the worst first.
    package enum Concern: Sendable, Equatable {
        /// git asks no keyfob.
        case keyfobIsMissing
        /// It writes each token into a file, in plain text.
        case writesPlainText(String)
        /// It is asked before keyfob: what it has is taken, and keyfob not asked.
        case answersFirst(String)
        /// It keeps each token, too: a second keeper that is nowhere told when one ends.
        case keepsCopies(String)
    }

    package let helpers: [Helper]

    /// Reads what `git config -z --show-origin --get-regexp '^credential\.(.*\.)?helper$'` prints: for each value its
    /// origin, NUL, the key, LF, the value, NUL; a value may be absent.
    ///
    /// - Parameter service: nil: only the helpers for every service.
    package init(_ output: [UInt8], for service: ServiceURL?) {
        let pieces = output.split(separator: 0, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        var helpers: [Helper] = []
        for index in stride(from: 0, to: pieces.count - 1, by: 2) {
            let entry = pieces[index + 1].split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = entry.first, Self.covers(key, service) else { continue }
            let value = entry.count > 1 ? String(entry[1]) : ""
            // An empty one forgets those before it.
            if value.isEmpty { helpers = [] } else { helpers.append(Helper(value, origin: pieces[index])) }
        }
        self.helpers = helpers
    }

    /// What a person should know.
    package var concerns: [Concern] {
        guard let ours = helpers.firstIndex(where: { $0.kind == .keyfob }) else { return [.keyfobIsMissing] }
        var concerns: [Concern] = []
        for (index, helper) in helpers.enumerated() {
            guard case .named(let name) = helper.kind else { continue }
            if name == "store" { concerns.append(.writesPlainText(name)) }
            if index < ours { concerns.append(.answersFirst(name)) }
            if Self.keepers.contains(name) { concerns.append(.keepsCopies(name)) }
        }
        if helpers[..<ours].contains(where: { $0.kind == .shellCommand }) {
            concerns.append(.answersFirst("a shell command"))
        }
        return concerns.sorted { $0.rank < $1.rank }
    }

    /// Helpers that keep what they are told, but for `store`.
    private static let keepers: Set = [
        "cache", "libsecret", "gnome-keyring", "manager", "manager-core", "osxkeychain", "wincred",
    ]

    /// Whether `credential.helper`, or `credential.URL.helper`, is for `service`. As in git a URL without a path is for all
    /// paths, and `*` in it stands for one label of the host.
    private static func covers(_ key: Substring, _ service: ServiceURL?) -> Bool {
        guard key != "credential.helper" else { return true }
        guard let service, key.hasPrefix("credential."), key.hasSuffix(".helper") else { return false }
        let written = key.dropFirst("credential.".count).dropLast(".helper".count)
        // git takes a host alone, too.
        let pattern = written.contains("://") ? String(written) : "\(service.scheme)://\(written)"
        guard let scheme = pattern.firstRange(of: "://") else { return false }
        let rest = pattern[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" }
        let user = authority.lastIndex(of: "@").map { authority.index(after: $0) } ?? authority.startIndex
        let host = authority[user...].split(separator: ":").first ?? ""
        let theirs = service.host.split(separator: ".")
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count == theirs.count else { return false }
        let concrete = zip(labels, theirs).map { $0 == "*" ? $1 : $0 }.joined(separator: ".")
        let port = authority[user...].dropFirst(host.count)
        let url = "\(pattern[..<scheme.lowerBound])://\(concrete)\(port)\(rest.dropFirst(authority.count))"
        return (try? ServiceURL(url))?.contains(service) ?? false
    }
}

extension HelperChain.Helper {
    /// - Parameter value: as in gitcredentials(7): `!command`, an absolute path, or a name, the last two with arguments.
    fileprivate init(_ value: String, origin: String) {
        let origin = origin.hasPrefix("file:") ? String(origin.dropFirst("file:".count)) : origin
        if value.hasPrefix("!") {
            self.init(kind: .shellCommand, origin: origin, path: nil)
            return
        }
        let word = Substring(Self.firstWord(of: value))
        let path = word.hasPrefix("/") ? String(word) : nil
        let file = word.split(separator: "/").last ?? ""
        let prefix = "git-credential-"
        let name = path != nil && file.hasPrefix(prefix) ? file.dropFirst(prefix.count) : path != nil ? file : word
        self.init(kind: name == "keyfob" ? .keyfob : .named(String(name)), origin: origin, path: path)
    }

    /// Up to the first space that no backslash stands before; a shell reads it, which takes the backslashes away.
    private static func firstWord(of value: String) -> String {
        var (word, isEscaped) = ("", false)
        for character in value {
            if character == " ", !isEscaped { break }
            if character == "\\", !isEscaped {
                isEscaped = true
            } else {
                word.append(character)
                isEscaped = false
            }
        }
        return word
    }
}

extension HelperChain.Concern {
    fileprivate var rank: Int {
        switch self {
        case .keyfobIsMissing: 0
        case .writesPlainText: 1
        case .answersFirst: 2
        case .keepsCopies: 3
        }
    }
}
