package import Addresses

/// The helpers that git asks for a service, in order (gitcredentials(7)).
///
/// git asks one helper after the other until it has a password. Once the service has accepted the password, git passes
/// it to every helper, not only to the one that gave it. So a helper that stores passwords also stores our tokens.
package struct HelperChain: Sendable, Equatable {
    package struct Helper: Sendable, Equatable {
        /// The kind, judged by the name alone. A shell command may hold secrets, so it is not shown.
        package let kind: Kind
        /// The origin of the setting: a file, or git's own word for another source (`command line`).
        package let origin: String
    }

    package enum Kind: Sendable, Equatable {
        case keyfob
        case named(String)
        case shellCommand
    }

    /// A problem with the chain, in order from the worst.
    package enum Concern: Sendable, Equatable {
        /// git does not ask keyfob.
        case keyfobIsMissing
        /// The helper writes each token to a file, in plain text.
        case writesPlainText(String)
        /// git asks the helper before keyfob. If it has a password, git does not ask keyfob.
        case answersFirst(String)
        /// The helper also stores each token, and keyfob cannot tell it when a token expires or is revoked.
        case keepsCopies(String)
    }

    package let helpers: [Helper]
    /// Whether git may also ask another helper: one that is set for a path, which keyfob does not know, or for a part of a
    /// URL.
    package let mayHaveMore: Bool

    /// Parses the output of `git config -z --show-origin --get-regexp '^credential\.(.*\.)?helper$'`. Each setting has
    /// its origin, NUL, the key, LF, the value and NUL; the value may be absent.
    ///
    /// - Parameter service: nil for only the helpers that are set for every service.
    package init(_ output: [UInt8], for service: ServiceURL?) {
        let pieces = output.split(separator: 0, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        var (helpers, mayHaveMore) = ([Helper](), false)
        for index in stride(from: 0, to: pieces.count - 1, by: 2) {
            let entry = pieces[index + 1].split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = entry.first else { continue }
            let value = entry.count > 1 ? String(entry[1]) : ""
            guard Self.covers(key, service) else {
                mayHaveMore = mayHaveMore || !value.isEmpty && Self.covers(key, service, withPath: false)
                continue
            }
            // An empty value removes the helpers before it.
            if value.isEmpty { helpers = [] } else { helpers.append(Helper(value, origin: pieces[index])) }
        }
        self.helpers = helpers
        self.mayHaveMore = mayHaveMore
    }

    /// The problems that the user should know, the worst first.
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

    /// Helpers that store the passwords that git passes to them, except `store`.
    private static let keepers: Set = [
        "cache", "libsecret", "gnome-keyring", "manager", "manager-core", "osxkeychain", "wincred",
    ]

    /// Whether `credential.helper` or `credential.URL.helper` applies to `service`. As in git, a URL without a path
    /// applies to all paths, and `*` stands for one label of the host.
    ///
    /// - Parameter withPath: false: whether it applies to any path of the service's host.
    private static func covers(_ key: Substring, _ service: ServiceURL?, withPath: Bool = true) -> Bool {
        guard key != "credential.helper" else { return true }
        guard let service, key.hasPrefix("credential."), key.hasSuffix(".helper") else { return false }
        let written = key.dropFirst("credential.".count).dropLast(".helper".count)
        // git also accepts a host without a scheme.
        let pattern = written.contains("://") ? String(written) : "\(service.scheme)://\(written)"
        guard let scheme = pattern.firstRange(of: "://") else { return false }
        let rest = pattern[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" }
        let user = authority.lastIndex(of: "@").map { authority.index(after: $0) } ?? authority.startIndex
        let host = authority[user...].split(separator: ":").first ?? ""
        if host.isEmpty, !withPath { return true }
        let theirs = service.host.split(separator: ".")
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count == theirs.count else { return false }
        let concrete = zip(labels, theirs).map { $0 == "*" ? $1 : $0 }.joined(separator: ".")
        let port = authority[user...].dropFirst(host.count)
        let origin = "\(pattern[..<scheme.lowerBound])://\(concrete)\(port)"
        if !withPath { return (try? ServiceURL(origin))?.contains(service) ?? false }
        return (try? ServiceURL(origin + rest.dropFirst(authority.count)))?.contains(service) ?? false
    }
}

extension HelperChain.Helper {
    /// - Parameter value: as in gitcredentials(7): `!command`, an absolute path or a name; a path and a name can have
    ///   arguments.
    fileprivate init(_ value: String, origin: String) {
        let origin = origin.hasPrefix("file:") ? String(origin.dropFirst("file:".count)) : origin
        if value.hasPrefix("!") {
            self.init(kind: .shellCommand, origin: origin)
            return
        }
        let word = Substring(Self.firstWord(of: value))
        let isPath = word.hasPrefix("/")
        let file = word.split(separator: "/").last ?? ""
        let prefix = "git-credential-"
        let name = isPath && file.hasPrefix(prefix) ? file.dropFirst(prefix.count) : isPath ? file : word
        self.init(kind: name == "keyfob" ? .keyfob : .named(String(name)), origin: origin)
    }

    /// The word up to the first space without a backslash before it, without the backslashes: git passes the value to a
    /// shell.
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
