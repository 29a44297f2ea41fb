import Files

/// What is wrong with the configuration, and where.
package struct ConfigurationError: Error, Sendable, Equatable {
    /// The file; "git configuration" where git could not say which; or the name of a variable in the environment.
    package var file: String
    /// The line, counted from 1; nil where there is none to name.
    package var line: Int?
    /// The key, as a person would write it: `host."https://git.example.com".client_id`.
    package var key: String?
    package var problem: Problem

    /// There is no home directory.
    package static let noHome = ConfigurationError(file: "HOME", line: nil, key: nil, problem: .notSet)

    /// Stands for a file where git has read the settings.
    package static let git = "git configuration"

    package enum Problem: Sendable, Equatable {
        /// The file is there and cannot be read.
        case unreadable(errno: Int32)
        /// A pipe, a device or a socket.
        case notAFile
        /// It belongs to a user who is neither this one nor root.
        case ofAnotherUser(UInt32)
        /// Users other than its owner may write to it.
        case writableByOthers
        /// The variable is not set, or names no absolute path.
        case notSet
        /// The list of approved services has as many entries as it may have.
        case full(entries: Int)
        /// An entry for the list of approved services has more bytes than it may have.
        case entryTooLarge(bytes: Int)
        /// git has not said in time what its settings are.
        case gitTimedOut(seconds: Int)
        /// git could not be started (nil), or has ended with that status: it cannot read its settings.
        case gitFailed(status: Int32?)
        /// Not TOML; the parser's own words.
        case syntax(String)
        case unknownKey
        case wrongType(expected: String)
        case notAllowed(value: String, allowed: [String])
        /// Not a URL that keyfob may use: https, or http on a loopback host; no user, no fragment.
        case badURL(value: String)
        /// The entry says neither an issuer nor the endpoints, or not all of them.
        case incomplete(missing: String)
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
