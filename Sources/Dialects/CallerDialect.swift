package import CredentialProtocol

/// The format in which one caller other than git asks and expects its answer: one small file for each caller.
///
/// A dialect decides only the format. It reads the clock, files and the environment only through its ``Invocation``. It
/// writes nothing: the executable writes the ``Reply`` at once. A dialect may keep facts from a question for the answer
/// to that question.
package protocol CallerDialect: Sendable {
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

    init()

    /// Reads the caller's question.
    mutating func question(_ invocation: Invocation) throws(InvocationError) -> Question

    /// Formats the answer with a credential.
    ///
    /// - Throws: `ResponseError` if the credential cannot be passed on safely; no part of it is written then.
    func found(_ answer: Answer, for request: CredentialRequest) throws(ResponseError) -> Reply

    /// Formats the answer if there is no credential, or none that this protocol can carry.
    func notFound(_ request: CredentialRequest) -> Reply

    /// Formats the answer to a successful `store` or `erase`.
    func done(_ operation: Operation) -> Reply

    /// Formats the list of accounts, for callers that ask for it.
    func listed(_ accounts: [ListedAccount]) -> Reply

    /// Formats a failure as this protocol reports errors.
    func failed(_ failure: Report) -> Reply
}

/// Defaults that suit most callers: only the answer on standard output, errors on standard error, and an exit status
/// other than 0 for errors.
extension CallerDialect {
    package static var executables: [String] { [] }
    package static var deadline: Duration? { .seconds(30) }
    package static var keptAs: String? { nil }
    package static var greeting: [UInt8]? { nil }

    package func notFound(_ request: CredentialRequest) -> Reply { failed(.noCredential(for: request)) }
    package func done(_ operation: Operation) -> Reply { Reply() }
    package func listed(_ accounts: [ListedAccount]) -> Reply { failed(Report(.usage)) }
    package func failed(_ failure: Report) -> Reply { Reply(complaint: failure.lines, status: failure.status) }
}

/// The question of a caller.
package enum Question: Sendable, Equatable {
    /// Return a credential. keyfob may ask the user for it only if `interaction` is not `never`.
    case get(CredentialRequest)
    /// Store the credential in the request.
    case store(CredentialRequest)
    /// Delete the credential in the request.
    case erase(CredentialRequest)
    /// List the accounts.
    case list
    /// No lookup is needed: the answer is known, for example a version or the first phase of a two-phase protocol.
    case reply(Reply)
    /// The conversation has ended.
    case end
}

/// A credential, with the facts that its answer needs.
package struct Answer: Sendable, Equatable {
    package var response: CredentialResponse
    /// The service of the account that gave the token; it may be wider than the requested one. Nil for a stored
    /// password.
    package var service: ServiceURL?
    /// The current time in seconds since 1970.
    package var now: Int64

    package init(_ response: CredentialResponse, service: ServiceURL? = nil, now: Int64) {
        (self.response, self.service, self.now) = (response, service, now)
    }
}

/// One account that is signed in.
package struct ListedAccount: Sendable, Equatable {
    package var url: String
    package var username: String

    package init(url: String, username: String) {
        (self.url, self.username) = (url, username)
    }
}

/// The answer to the caller.
package struct Reply: Sendable, Equatable {
    /// The bytes for standard output, written at once.
    package var output: [UInt8]
    /// Lines for standard error.
    package var complaint: [String]
    package var status: Int32

    package init(_ output: [UInt8] = [], complaint: [String] = [], status: Int32 = 0) {
        (self.output, self.complaint, self.status) = (output, complaint, status)
    }

    package init(_ output: String, complaint: [String] = [], status: Int32 = 0) {
        self.init(Array(output.utf8), complaint: complaint, status: status)
    }
}
