package import CredentialProtocol
import Files

/// What a person, or the machine's administrator, has written down. Read once at start.
package struct Configuration: Sendable, Equatable {
    /// Who may be asked to sign in; nil where nothing is said, which means `auto`.
    package var interaction: Interaction?
    /// The seconds of life that a token needs to be handed out; nil where nothing is said, which means 300.
    package var minTTL: Int64?
    /// How long a person may take to sign in, in seconds; nil where nothing is said, which means 300.
    package var loginTimeout: Int64?
    /// Where the document that describes keyfob as a client is published: its client id at servers that take documents.
    package var clientMetadataDocument: String?
    /// One entry for each `[host."URL"]`, in the order of the files: the person's, the machine's, keyfob's own.
    package var hosts: [Host] = []
    /// Why it is not known which services are approved; nil where it is.
    package var unreadableApprovals: ConfigurationError?

    package init() {}

    /// Reads `files` in the order of their precedence; an absent file says nothing.
    ///
    /// - Throws: ``ConfigurationError`` for the first thing that is wrong in any of them.
    package init(files: [String]) throws(ConfigurationError) {
        for file in files {
            guard let text = try Self.read(file) else { continue }
            let layer = try TOMLConfiguration(text, file: file).decode()
            interaction = interaction ?? layer.interaction
            minTTL = minTTL ?? layer.minTTL
            loginTimeout = loginTimeout ?? layer.loginTimeout
            clientMetadataDocument = clientMetadataDocument ?? layer.clientMetadataDocument
            hosts += layer.hosts
        }
    }

    /// What is written down for `url`: the entries of the longest service that contains it, the first file's words
    /// before those of the next.
    package func host(for url: ServiceURL) -> Host? {
        var best: Host?
        for host in hosts where host.service.contains(url) {
            guard let found = best else {
                best = host
                continue
            }
            if found.service == host.service {
                best = found.completed(by: host)
            } else if found.service.contains(host.service) {
                best = host
            }
        }
        return best
    }

    /// Whether one entry holds for all that is below `service`: it has one, and none is for a part of it.
    package func isWhole(_ service: ServiceURL) -> Bool {
        hosts.contains { $0.service == service }
            && !hosts.contains { $0.service != service && service.contains($0.service) }
    }

    /// The text of `file`, 1 MiB at most; nil where there is no such file.
    ///
    /// - Throws: ``ConfigurationError`` also where users other than this one and root may write it.
    static func read(_ file: String) throws(ConfigurationError) -> String? {
        guard let bytes = try ConfigurationError.wrapping({ () throws(FileError) in try TrustedFile.read(file) }) else {
            return nil
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(file: file, line: nil, key: nil, problem: .syntax("not UTF-8"))
        }
        return text
    }
}
