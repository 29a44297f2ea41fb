package import Addresses
package import CredentialProtocol
import Files

/// The settings in the files of the user and of the machine's administrator. Read once at start.
///
/// nil means that nothing sets the key. `HostKeys.swift` documents each key.
package struct Configuration: Sendable, Equatable {
    package var interaction: Interaction?
    package var store: StoreSetting?
    package var minTTL: Int64?
    package var loginTimeout: Int64?
    package var clientMetadataDocument: String?
    package var sources: [String: Source] = [:]
    /// One entry for each `[host."URL"]`, in the order of the files: the user's, the machine's, keyfob's own.
    package var hosts: [Host] = []
    /// The reason why the approved services are unknown; nil if they are known.
    package var unreadableApprovals: ConfigurationError?

    package init() {}

    /// Reads `files` in the order of their precedence. A file need not exist.
    ///
    /// - Throws: ``ConfigurationError`` for the first error in any of them.
    package init(files: [String]) throws(ConfigurationError) {
        for file in files {
            guard let text = try Self.read(file) else { continue }
            let layer = try TOMLConfiguration(text, file: file).decode()
            self = completed(by: layer)
            hosts += layer.hosts
        }
    }

    /// Returns the entries of the longest service that contains `url`, merged: the first file counts before the next.
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

    /// Whether one entry holds for everything below `service`: it has an entry, and no part of it has another one.
    package func isWhole(_ service: ServiceURL) -> Bool {
        hosts.contains { $0.service == service }
            && !hosts.contains { $0.service != service && service.contains($0.service) }
    }

    /// Returns the text of `file`, 1 MiB at most; nil if there is no such file.
    ///
    /// - Throws: ``ConfigurationError``, also if users other than this one and root may write to it.
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
