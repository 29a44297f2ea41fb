/// The format in which one kind of caller asks and expects its answer: one small file for each.
///
/// A dialect decides only the format. It reads the clock, files and the environment only through its ``Invocation``. It
/// writes nothing: the program writes the ``Reply`` at once. A dialect may keep facts from a question for the answer to
/// that question.
package protocol Dialect: Sendable {
    /// The name for the option `--dialect`.
    static var name: String { get }
    /// The program names that select this dialect.
    static var executables: [String] { get }
    /// The maximum time for an answer if keyfob may not ask the user; nil if the caller waits without a limit.
    static var deadline: Duration? { get }
    /// The user name under which keyfob stores a token from the caller. Nil if the caller stores no tokens or names a
    /// user itself.
    static var keptAs: String? { get }
    /// The output before the first question of a conversation, which has one question a line until the end of the
    /// input. Nil for callers that start keyfob once for each question.
    static var greeting: [UInt8]? { get }
    /// Whether a blank line ends the input. Otherwise only the end of the stream ends it.
    static var endsAtBlankLine: Bool { get }
    /// Whether a stored password without a path answers a request with a path.
    static var takesPasswordsWithoutPath: Bool { get }
    /// Whether `erase` also deletes stored passwords, and not only access tokens.
    static var erasesPasswords: Bool { get }

    init()

    /// Reads the caller's question.
    mutating func question(_ invocation: Invocation) throws(InvocationError) -> Question

    /// Formats the answer with a credential.
    ///
    /// - Throws: `ResponseError` if the credential cannot be passed on safely; no part of it is written then.
    func found(_ answer: Answer, for request: CredentialRequest) throws(ResponseError) -> Reply

    /// Formats the answer if there is no credential, or none that this protocol can carry.
    func notFound(_ request: CredentialRequest) -> Reply

    /// Formats the answer if the service has no account and no keyring is available that could have a password for it.
    func unknown(_ request: CredentialRequest, _ report: Report) -> Reply

    /// Formats the answer to a successful `store` or `erase`.
    func done(_ operation: Operation) -> Reply

    /// Formats the list of accounts, for callers that ask for it.
    func listed(_ accounts: [ListedAccount]) -> Reply

    /// Formats a failure as this protocol reports errors.
    func failed(_ report: Report) -> Reply
}

/// Defaults that suit most callers: only the answer on standard output, errors on standard error, and an exit status
/// other than 0 for errors.
extension Dialect {
    package static var executables: [String] { [] }
    package static var deadline: Duration? { .seconds(30) }
    package static var keptAs: String? { nil }
    package static var greeting: [UInt8]? { nil }
    package static var endsAtBlankLine: Bool { false }
    package static var takesPasswordsWithoutPath: Bool { true }
    package static var erasesPasswords: Bool { true }

    package func notFound(_ request: CredentialRequest) -> Reply { failed(.noCredential(for: request)) }
    package func unknown(_ request: CredentialRequest, _ report: Report) -> Reply { notFound(request) }
    package func done(_ operation: Operation) -> Reply { Reply() }
    package func listed(_ accounts: [ListedAccount]) -> Reply { failed(Report(.usage)) }
    package func failed(_ report: Report) -> Reply { Reply(report) }
}

extension Dialect {
    /// Reads the caller's question. An invalid one is a question whose reply is known.
    package mutating func read(_ invocation: Invocation) -> Question {
        do {
            return try question(invocation)
        } catch {
            var reply = failed(Report(error))
            reply.isLast = error.endsConversation
            return .reply(reply)
        }
    }
}
