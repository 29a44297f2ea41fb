import CredentialProtocol
import FoundationEssentials
import KeyfobCore

/// Where a caller is set up, and for which service.
struct SetupScene: Sendable {
    /// The service; nil where the person named none.
    let url: ServiceURL?
    let installation = Installation()

    /// The service, or a placeholder that shows where it belongs.
    var address: String { url?.description ?? "https://HOST" }

    /// Host and, where it is not the scheme's own, port.
    var host: String { url.map { String($0.origin.dropFirst($0.scheme.count + 3)) } ?? "HOST" }

    /// A variable that is set and not empty.
    func variable(_ name: String) -> String? { Surroundings.variable(name).flatMap { $0.isEmpty ? nil : $0 } }

    var home: String { variable("HOME") ?? "" }

    /// `$XDG_CONFIG_HOME`, or what holds without it.
    var configurationHome: String {
        variable("XDG_CONFIG_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home + "/.config"
    }

    /// Where what keyfob puts into the person's home is, if nobody else looks for it: not on `PATH`.
    var ownDirectory: String { home + "/.local/lib/keyfob" }

    /// A path that a caller cuts at spaces.
    ///
    /// - Throws: ``SetupFailure/spaceInPath(caller:path:)``.
    func unspaced(_ path: String, for caller: String) throws -> String {
        guard !path.contains(where: \.isWhitespace) else { throw SetupFailure.spaceInPath(caller: caller, path: path) }
        return path
    }

    /// The environment for a tool, without what makes git look at a repository.
    func environment(_ more: [String: String] = [:]) -> [String: String] {
        let repository = ["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_CONFIG"]
        return ProcessInfo.processInfo.environment.filter { !repository.contains($0.key) }.merging(more) { $1 }
    }

    /// The tool `name`, to be run with these arguments.
    ///
    /// - Throws: ``NoSuchProgram``.
    func tool(
        _ name: String, _ arguments: [String], environment: [String: String] = [:], input: String = ""
    ) throws -> ToolCommand {
        guard let program = installation.search.path(of: name) else { throw NoSuchProgram(name: name) }
        return ToolCommand(
            program, arguments, environment: self.environment(environment), input: Array(input.utf8))
    }

    /// What the tool prints.
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

/// Why nothing was set up.
enum SetupFailure: Error {
    /// What the settings say stands against it.
    case settings(file: String, SettingsProblem)
    /// A tool did not do what it was asked to, and said this.
    case toolFailed(command: String, complaint: String?)
    /// Another program has the name of a link.
    case nameTaken(path: String)
    /// A script of that name does something else.
    case scriptTaken(path: String)
    /// The caller takes a space for the end of a program's path.
    case spaceInPath(caller: String, path: String)
    /// The caller has to be told for which service.
    case urlNeeded(caller: String)
    /// There is nobody to say yes.
    case nobodyAsked
    /// The person said no.
    case declined
    case unknownCaller(String)
}
