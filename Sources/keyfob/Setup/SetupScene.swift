import CredentialProtocol
import FoundationEssentials
import KeyfobCore

/// The environment in which a caller is set up, and the service.
struct SetupScene: Sendable {
    /// The service, or nil if the user named none.
    let url: ServiceURL?
    let installation = Installation()

    /// The service's URL, or a placeholder for it.
    var address: String { url?.description ?? "https://HOST" }

    /// The host, with the port if it is not the scheme's default.
    var host: String { url.map { String($0.origin.dropFirst($0.scheme.count + 3)) } ?? "HOST" }

    /// The value of a variable, or nil if it is unset or empty.
    func variable(_ name: String) -> String? { Environment.variable(name).flatMap { $0.isEmpty ? nil : $0 } }

    var home: String { variable("HOME") ?? "" }

    /// `$XDG_CONFIG_HOME`, or its default.
    var configurationHome: String {
        variable("XDG_CONFIG_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home + "/.config"
    }

    /// The directory for keyfob's own files in the user's home that no other program looks for. It is not on `PATH`.
    var ownDirectory: String { home + "/.local/lib/keyfob" }

    /// Checks a path for a caller that splits it at spaces.
    ///
    /// - Throws: ``SetupFailure/spaceInPath(caller:path:)`` if there is a space in it.
    func unspaced(_ path: String, for caller: String) throws -> String {
        guard !path.contains(where: \.isWhitespace) else { throw SetupFailure.spaceInPath(caller: caller, path: path) }
        return path
    }

    /// The environment for a tool, without the variables that point git to a repository.
    func environment(_ more: [String: String] = [:]) -> [String: String] {
        let repository = ["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_CONFIG"]
        return ProcessInfo.processInfo.environment.filter { !repository.contains($0.key) }.merging(more) { $1 }
    }

    /// The tool `name` with these arguments, ready to run.
    ///
    /// - Throws: ``NoSuchProgram`` if it is not on `PATH`.
    func tool(
        _ name: String, _ arguments: [String], environment: [String: String] = [:], input: String = ""
    ) throws -> ToolCommand {
        guard let program = installation.search.path(of: name) else { throw NoSuchProgram(name: name) }
        return ToolCommand(
            program, arguments, environment: self.environment(environment), input: Array(input.utf8))
    }

    /// The standard output of the tool.
    ///
    /// - Throws: ``SetupFailure/toolFailed(command:complaint:)``.
    func output(
        of name: String, _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> [UInt8] {
        let outcome = try await tool(name, arguments, environment: environment).run()
        guard let outcome, outcome.status == 0 else {
            throw SetupFailure.toolFailed(
                command: ([name] + arguments).joined(separator: " "), complaint: outcome?.complaint.first)
        }
        return outcome.output
    }
}

/// The reason why nothing was set up.
enum SetupFailure: Error {
    /// The present settings do not allow the change.
    case settings(file: String, SettingsProblem)
    /// A tool failed with this message.
    case toolFailed(command: String, complaint: String?)
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
