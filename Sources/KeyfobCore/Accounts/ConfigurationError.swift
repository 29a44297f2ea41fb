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
        /// The file has two entries for the service, in different spellings.
        case twice(service: String)
        /// The entry lacks a key that others need.
        case incomplete(missing: String)
    }

    /// The key that the user may have meant by an unknown one; nil if none is similar.
    package var nearestKey: String? {
        guard problem == .unknownKey, let key, let word = key.parts(at: ".").last else { return nil }
        let names =
            key.begins(with: "host.")
            ? Configuration.Host.keys.map(\.name) : Configuration.keys.map(\.name) + ["host"]
        return word.nearest(among: names)
    }
}

extension ConfigurationError {
    /// The same problem, as one of a configuration file or its directory.
    ///
    /// - Parameter file: the file to name if a system call failed; nil names the path that it failed for.
    init(_ error: FileError, of file: String? = nil) {
        let problem: Problem =
            switch error.problem {
            case .system(let code): .unreadable(errno: code)
            case .notAFile: .notAFile
            case .ofAnotherUser(let owner): .ofAnotherUser(owner)
            case .writableByOthers: .writableByOthers
            }
        self.init(file: error.code == nil ? error.path : file ?? error.path, line: nil, key: nil, problem: problem)
    }

    /// Runs `body` and turns its ``FileError`` into the same problem of the configuration.
    static func wrapping<Result>(
        of file: String? = nil, _ body: () throws(FileError) -> Result
    ) throws(ConfigurationError) -> Result {
        do throws(FileError) {
            return try body()
        } catch {
            throw ConfigurationError(error, of: file)
        }
    }
}
