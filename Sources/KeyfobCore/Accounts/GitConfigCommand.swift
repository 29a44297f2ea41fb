package import Addresses
package import CredentialProtocol
package import Processes
import Synchronization

/// Asks git for its settings about a URL.
///
/// Settings that decide where a secret goes come from the command line, from the user's own files and from the machine's.
/// The settings of the repository in the working directory, or in `GIT_DIR`, do not count: they may be untrusted.
///
/// Each question starts git once: a value and its copies remember the answers.
package struct GitConfigCommand: Sendable {
    let search: ExecutableSearch
    let environment: [String: String]
    let patience: Duration
    let tracer: Tracer
    private let answers = Answers()

    /// - Parameters:
    ///   - environment: that of this process, by which git finds its settings.
    ///   - patience: the timeout for git.
    package init(
        search: ExecutableSearch, environment: [String: String], patience: Duration = .seconds(5),
        tracer: Tracer = .none
    ) {
        (self.search, self.environment, self.patience, self.tracer) = (search, environment, patience, tracer)
    }

    /// The user's settings for `request`; nil if git is not installed.
    ///
    /// - Throws: ``ConfigurationError`` if git does not answer, because the settings are unknown then.
    package func settings(for request: CredentialRequest) throws(ConfigurationError) -> GitSettings? {
        guard let url = request.url else { return nil }
        return try settings(at: url)
    }

    /// The user's settings for a URL; nil if git is not installed.
    package func settings(at url: ServiceURL) throws(ConfigurationError) -> GitSettings? {
        try matches("credential", Self.subject(url)).map { GitSettings(output: $0) }
    }

    /// The names of all settings `credential.*` of the user, in git's order. git writes the last word in lower case.
    ///
    /// - Throws: ``ConfigurationError`` if git gives no answer.
    package func credentialSettings() throws(ConfigurationError) -> [String] {
        let output = try ask(["config", "-z", "--name-only", "--get-regexp", "^credential\\."], inRepository: false)
        return (output ?? []).split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    /// All settings `credential.*` of the user with their values, in git's order. git writes the last word of a name in
    /// lower case. The values may be secrets.
    ///
    /// - Throws: ``ConfigurationError`` if git gives no answer.
    package func credentialValues() throws(ConfigurationError) -> [(name: String, value: String)] {
        let names = #"^credential\.(.*\.)?(helper|plaintextstorepath|credentialstore)$"#
        let output = try ask(["config", "-z", "--get-regexp", names], inRepository: false)
        return (output ?? []).split(separator: 0).map { setting in
            let name = setting.prefix { $0 != UInt8(ascii: "\n") }
            let value = setting.dropFirst(name.count + 1)
            return (String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
        }
    }

    /// The URL for git: without its path if that can be read in two ways.
    private static func subject(_ url: ServiceURL) -> String { url.isAmbiguous ? url.origin : url.description }

    /// Whether git's settings tell helpers not to ask the user about `request`. If git gives no answer, they do.
    ///
    /// - Parameter inRepository: whether the settings of the repository in the working directory count too. They may
    ///   decline, and permit nothing that the user's settings decline.
    package func declinesInteraction(for request: CredentialRequest, inRepository: Bool) -> Bool {
        guard let url = request.url else { return false }
        do {
            if try settings(for: request)?.declinesInteraction == true { return true }
            guard inRepository else { return false }
            let output = try matches("credential", Self.subject(url), inRepository: true)
            return output.map { GitSettings(output: $0).declinesInteraction } ?? false
        } catch {
            return true
        }
    }

    /// Whether git, here and now, tells helpers the path of a URL (`credential.useHttpPath`).
    package func tellsPath(for request: CredentialRequest) -> Bool {
        guard let url = request.url else { return false }
        let output = try? matches("credential", Self.subject(url), inRepository: true)
        return output.map { GitSettings(output: $0).tellsPath } ?? false
    }

    /// The settings with which git reaches `url`. git is not asked about loopback hosts, which need no proxy.
    ///
    /// The settings of a repository never count, even if git is the caller: keyfob's requests carry refresh tokens, codes
    /// and client secrets, and a proxy with an authority of its own could read them all.
    ///
    /// - Parameter environment: as in ``GitNetworkSettings/init(output:environment:)``.
    /// - Throws: ``ConfigurationError`` if git does not answer, because the proxy and the authorities are unknown then.
    package func network(
        for url: EndpointURL, environment: [String: String]
    ) throws(ConfigurationError) -> GitNetworkSettings {
        guard !url.isLoopback else { return GitNetworkSettings(environment: environment) }
        let output = try matches("http", url.origin + url.path)
        return GitNetworkSettings(output: output, environment: environment)
    }

    /// The version of git, or nil if git is not installed, fails, or does not print a version.
    ///
    /// - Throws: ``ConfigurationError`` if git does not answer in time.
    package func version() throws(ConfigurationError) -> GitVersion? {
        do throws(ConfigurationError) {
            return try ask(["--version"], inRepository: false).flatMap {
                GitVersion(String(decoding: $0, as: UTF8.self))
            }
        } catch {
            if case .gitTimedOut = error.problem { throw error }
            return nil
        }
    }

    /// The helpers that git asks for `service`, here and now; nil: for every service. Without git there are none.
    ///
    /// - Throws: ``ConfigurationError`` if git gives no answer.
    package func helpers(for service: ServiceURL?) throws(ConfigurationError) -> HelperChain {
        let settings = ["config", "-z", "--show-origin", "--get-regexp", #"^credential\.(.*\.)?helper$"#]
        return HelperChain(try ask(settings, inRepository: true) ?? [], for: service)
    }

    /// The URLs for which the user's settings name a client, as git-credential-oauth's do, in their order.
    ///
    /// - Throws: ``ConfigurationError`` if git gives no answer.
    package func servicesWithClients() throws(ConfigurationError) -> [String] {
        let name = (before: "credential.", after: ".oauthclientid")
        let output = try ask(
            ["config", "-z", "--name-only", "--get-regexp", "^credential\\..*\\.oauthclientid$"], inRepository: false)
        return (output ?? []).split(separator: 0).compactMap { entry in
            let setting = String(decoding: entry, as: UTF8.self)
            guard setting.hasPrefix(name.before), setting.hasSuffix(name.after) else { return nil }
            return String(setting.dropFirst(name.before.count).dropLast(name.after.count))
        }
    }

    /// The names of settings that count for git in this directory and not for keyfob: settings of clients, proxies and
    /// authorities, from a repository or from a file that git includes for some repositories only. In git's order.
    ///
    /// - Throws: ``ConfigurationError`` if git gives no answer.
    package func unheededSettings() throws(ConfigurationError) -> [String] {
        let names = "^(credential\\..*\\.oauth|http\\.(.*\\.)?(proxy|sslcainfo)$)"
        let arguments = ["config", "-z", "--get-regexp", names]
        let everywhere = try ask(arguments, inRepository: false)?.split(separator: 0) ?? []
        let here = try ask(arguments, inRepository: true)?.split(separator: 0) ?? []
        var found: [String] = []
        for setting in here where !everywhere.contains(setting) {
            let name = String(decoding: setting.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            if !found.contains(name) { found.append(name) }
        }
        return found
    }

    /// Returns git's output of a section's settings for a URL, each the best match; nil if git is not installed.
    private func matches(
        _ section: String, _ url: String, inRepository: Bool = false
    ) throws(ConfigurationError) -> [UInt8]? {
        try ask(["config", "-z", "--get-urlmatch", section, url], inRepository: inRepository)
    }

    /// The most that git may print, in bytes.
    private static let mostOutput = 262_144

    /// Returns the output of git; nil if git is not installed.
    private func ask(_ arguments: [String], inRepository: Bool) throws(ConfigurationError) -> [UInt8]? {
        let question = Answers.Question(words: arguments.map { Array($0.utf8) }, inRepository: inRepository)
        if let output = answers[question] { return output }
        let output = try run(arguments, inRepository: inRepository)
        if let output { answers.remember(output, question) }
        return output
    }

    /// Runs git. Without a repository it runs in the root directory, so a relative path in the environment names nothing in
    /// the working directory.
    private func run(_ arguments: [String], inRepository: Bool) throws(ConfigurationError) -> [UInt8]? {
        guard let git = search.path(of: "git") else { return nil }
        let outcome: BoundProgram.Outcome
        do {
            outcome = try BoundProgram.run(
                git, arguments,
                environment: inRepository
                    ? GitEnvironment.asForGit(environment) : GitEnvironment.withoutRepository(environment),
                in: inRepository ? nil : "/", limit: Self.mostOutput, within: patience)
        } catch {
            tracer.note("git: no answer")
            let isLate = if case .timedOut = error { true } else { false }
            throw Self.error(isLate ? .gitTimedOut(seconds: Int(patience.components.seconds)) : .gitFailed(status: nil))
        }
        // git-config(1): 1 means that there is no such setting.
        guard outcome.status <= 1 else { throw Self.error(.gitFailed(status: outcome.status)) }
        tracer.note("git: answered \(outcome.output.count) bytes")
        return outcome.output
    }

    private static func error(_ problem: ConfigurationError.Problem) -> ConfigurationError {
        ConfigurationError(file: ConfigurationError.git, line: nil, key: nil, problem: problem)
    }
}

/// The answers of git so far.
private final class Answers: Sendable {
    /// The arguments by their bytes, and whether git may see the repository.
    struct Question: Hashable {
        var words: [[UInt8]]
        var inRepository: Bool
    }

    private let known = Mutex<[Question: [UInt8]]>([:])

    subscript(question: Question) -> [UInt8]? { known.withLock { $0[question] } }

    func remember(_ output: [UInt8], _ question: Question) { known.withLock { $0[question] = output } }
}
