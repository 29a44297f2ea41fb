import FoundationEssentials

/// The private repository that is cloned. It is created at the start and served bare; new commits come from a working
/// copy.
struct PrivateRepository: Sendable {
    /// The directory that the git server serves; the repository is `private.git` in it.
    let projects: String
    private let working: String
    private let tools: Tools
    private let session: PrivateSession

    static func make(tools: Tools, session: PrivateSession) async throws -> PrivateRepository {
        let repository = PrivateRepository(
            projects: "\(session.root)/served", working: "\(session.root)/working", tools: tools, session: session)
        try PrivateSession.makeDirectory(repository.projects)
        try PrivateSession.write(
            "[user]\n\tname = keyfob-demo\n\temail = keyfob-demo@localhost\n[init]\n\tdefaultBranch = main\n",
            to: "\(session.root)/gitconfig")
        try await repository.git("init", "--quiet", "--bare", "\(repository.projects)/private.git")
        try await repository.git("init", "--quiet", repository.working)
        try await repository.publish("README.md", "A private repository.\n")
        return repository
    }

    /// Commits a file and pushes it to the served repository, not over HTTP.
    func publish(_ file: String, _ text: String) async throws {
        try PrivateSession.write(text, to: "\(working)/\(file)")
        try await git("-C", working, "add", file)
        try await git("-C", working, "commit", "--quiet", "--message", "Add \(file)")
        try await git("-C", working, "push", "--quiet", "\(projects)/private.git", "HEAD:refs/heads/main")
    }

    private func git(_ arguments: String...) async throws {
        let command = Command(executable: tools.git, arguments: arguments, environment: session.environment)
        try await command.run().orThrow("git \(arguments.joined(separator: " "))")
    }
}
