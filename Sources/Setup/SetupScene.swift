package import Addresses
import CredentialProtocol
import Files
package import KeyfobCore
import Processes
import Secrets

/// The environment in which a caller is set up, and the service.
package struct SetupScene: Sendable {
    /// The service, or nil if the user named none.
    package let url: ServiceURL?
    /// The environment variables of keyfob.
    var variables: [String: String]
    /// The user's configuration, or nil if it cannot be read.
    let configuration: Configuration?
    package let installation: Installation

    /// - Parameter executable: the path of this program.
    package init(url: ServiceURL?, variables: [String: String], executable: String, configuration: Configuration?) {
        (self.url, self.variables, self.configuration) = (url, variables, configuration)
        installation = Installation(
            executable: executable, path: variables["PATH"] ?? "", home: variables["HOME"] ?? "")
    }

    /// The service's URL, or a placeholder for it.
    var address: String { url?.description ?? "https://HOST" }

    /// The host, with the port if it is not the scheme's default.
    var host: String { url.map { String($0.origin.dropFirst($0.scheme.count + 3)) } ?? "HOST" }

    /// The value of a variable, or nil if it is unset or empty.
    func variable(_ name: String) -> String? { variables[name].flatMap { $0.isEmpty ? nil : $0 } }

    var home: String { variable("HOME") ?? "" }

    /// `$XDG_CONFIG_HOME`, or its default.
    var configurationHome: String {
        variable("XDG_CONFIG_HOME").flatMap { $0.begins(with: "/") ? $0 : nil } ?? home + "/.config"
    }

    /// The directory for keyfob's own files in the user's home that no other program looks for. It is not on `PATH`.
    var ownDirectory: String { home + "/.local/lib/keyfob" }

    /// Checks a path for a caller that splits it at spaces.
    ///
    /// - Throws: ``SetupFailure/spaceInPath(caller:path:)`` if there is a space in it.
    func unspaced(_ path: String, for caller: String) throws(SetupFailure) -> String {
        guard !path.contains(where: \.isWhitespace) else { throw .spaceInPath(caller: caller, path: path) }
        return path
    }

    /// The environment for a tool, without the variables that point git to a repository.
    func environment(_ more: [String: String] = [:]) -> [String: String] {
        let repository = ["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_CONFIG"]
        return variables.filter { !repository.contains($0.key) }.merging(more) { $1 }
    }

    /// Runs the tool `name`. Returns nil if it did not end in time.
    ///
    /// - Throws: ``SetupFailure/noProgram(_:)`` if it is not on `PATH`.
    package func run(
        _ name: String, _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> ToolCommand.Outcome? {
        guard let program = installation.search.path(of: name) else { throw SetupFailure.noProgram(name) }
        return await ToolCommand(program, arguments, environment: self.environment(environment)).run()
    }

    /// The standard output of the tool.
    ///
    /// - Throws: ``SetupFailure/toolFailed(command:complaint:)``.
    func output(
        of name: String, _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> [UInt8] {
        let outcome = try await run(name, arguments, environment: environment)
        guard let outcome, outcome.status == 0 else {
            let command = ([name] + arguments).joined(separator: " ")
            throw SetupFailure.toolFailed(command: command, complaint: outcome?.complaint.first)
        }
        return outcome.output
    }
}

/// The reason why nothing was set up.
package enum SetupFailure: Error, Sendable, Equatable {
    /// The present settings do not allow the change.
    case settings(file: String, SettingsProblem)
    /// No such program is on `PATH`.
    case noProgram(String)
    /// A tool failed with this message.
    case toolFailed(command: String, complaint: String?)
    /// A tool's command succeeded, but the caller does not ask keyfob.
    case noEffect(command: String)
    /// Another program already has the name of the link.
    case nameTaken(path: String)
    /// A script of that name does something else.
    case scriptTaken(path: String)
    /// The caller would split the program's path at the space.
    case spaceInPath(caller: String, path: String)
    /// The caller's setup needs a URL.
    case urlNeeded(caller: String)
    /// There is no terminal to ask the user at.
    case nobodyAsked
    /// The user declined.
    case declined
    case unknownCaller(String)
}
