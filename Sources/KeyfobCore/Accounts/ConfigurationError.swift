package import Addresses
import Files
import Secrets

/// An error in the configuration, and its place.
package struct ConfigurationError: Error, Sendable, Equatable {
    /// The file; "git configuration" if git could not name one; or the name of a variable in the environment.
    package var file: String
    /// The line, counted from 1; nil if there is none to name.
    package var line: Int?
    /// The key, as a user would write it: `host."https://git.example.com".client_id`.
    package var key: String?
    package var problem: Problem

    /// There is no home directory.
    package static let noHome = ConfigurationError(file: "HOME", line: nil, key: nil, problem: .notSet)

    /// Stands for a file if git has read the settings.
    package static let git = "git configuration"

    package enum Problem: Error, Sendable, Equatable {
        /// The file exists, and reading it failed.
        case unreadable(errno: Int32)
        /// Writing the file or making its directory failed. The file itself, if there is one, may be sound.
        case unwritable(errno: Int32)
        /// The file is a pipe, a device or a socket.
        case notAFile
        /// The file belongs to a user who is neither this one nor root.
        case ofAnotherUser(UInt32)
        /// Users other than its owner may write to the file.
        case writableByOthers
        /// The variable is not set, or has no absolute path.
        case notSet
        /// The list of approved services has as many entries as it may have.
        case full(entries: Int)
        /// An entry for the list of approved services has more bytes than it may have.
        case entryTooLarge(bytes: Int)
        /// git did not tell its settings before the timeout.
        case gitTimedOut(seconds: Int)
        /// git could not be started (nil), or ended with that exit status: it cannot read its settings.
        case gitFailed(status: Int32?)
        /// The text is not TOML; in the words of the parser.
        case syntax(String)
        case unknownKey
        case wrongType(expected: String)
        case notAllowed(value: String, allowed: [String])
        /// Not a URL that keyfob may use: https, or http on a loopback host; no user, no fragment.
        case badURL(value: String)
        /// The file has two entries for the service, in different spellings. The line is that of the first one.
        case twice(service: String, line: Int?)
        /// The file names a table or a key twice. The line is that of the first one.
        case doubled(isTable: Bool, line: Int)
        /// The key would hold a secret. The service, and the client id beside the key, are for a command that stores it.
        case secret(service: ServiceURL?, clientID: String?)
        /// The entry lacks a key that others need.
        case incomplete(missing: String)
    }

    /// The key that the user may have meant by an unknown one; nil if none is similar.
    package var nearestKey: String? {
        guard problem == .unknownKey, let key, let last = key.parts(at: ".").last else { return nil }
        let (word, isOfHost) = (String(last), key.begins(with: "host."))
        let names =
            isOfHost ? Configuration.Host.keys.map(\.name) : Configuration.keys.map(\.name) + ["host"]
        if let same = names.first(where: { $0.foldedWord.isSame(as: word.foldedWord) }) { return same }
        if isOfHost {
            let ofGit = Configuration.Host.keys.first {
                $0.gitNames.contains { $0.foldedWord.isSame(as: word.foldedWord) }
            }
            if let other = ofGit?.name ?? Self.otherNames[word.foldedWord] { return other }
        }
        return word.nearest(among: names)
    }

    /// Names of other programs for keys of a host, folded.
    private static let otherNames = [
        "authorizationserver": "issuer", "server": "issuer", "issuerurl": "issuer", "authurl": "authorization_endpoint",
        "authorizationurl": "authorization_endpoint", "authorizeurl": "authorization_endpoint",
        "authendpoint": "authorization_endpoint", "authorizeendpoint": "authorization_endpoint",
        "tokenurl": "token_endpoint", "deviceurl": "device_authorization_endpoint",
        "deviceendpoint": "device_authorization_endpoint", "client": "client_id", "appid": "client_id",
        "applicationid": "client_id", "tokenendpointauthmethod": "client_authentication",
        "authmethod": "client_authentication", "type": "provider", "redirecturl": "redirect_uri",
        "callbackurl": "redirect_uri", "user": "username", "cacert": "ca_file", "sslcainfo": "ca_file",
    ]
}

extension ConfigurationError {
    /// The same problem, as one of a configuration file or its directory.
    ///
    /// - Parameters:
    ///   - file: the file to name if a system call failed; nil names the path that it failed for.
    ///   - isWriting: whether the file was to be written.
    init(_ error: FileError, of file: String? = nil, isWriting: Bool = false) {
        let problem: Problem =
            switch error.problem {
            case .system(let code): isWriting ? .unwritable(errno: code) : .unreadable(errno: code)
            case .notAFile: .notAFile
            case .ofAnotherUser(let owner): .ofAnotherUser(owner)
            case .writableByOthers: .writableByOthers
            }
        self.init(file: error.code == nil ? error.path : file ?? error.path, line: nil, key: nil, problem: problem)
    }

    /// Runs `body` and turns its ``FileError`` into the same problem of the configuration.
    static func wrapping<Result>(
        of file: String? = nil, isWriting: Bool = false, _ body: () throws(FileError) -> Result
    ) throws(ConfigurationError) -> Result {
        do throws(FileError) {
            return try body()
        } catch {
            throw ConfigurationError(error, of: file, isWriting: isWriting)
        }
    }
}
