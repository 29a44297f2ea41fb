package import CredentialProtocol

/// How a caller that is not git asks, and wants to be answered: one small file for each.
///
/// A dialect decides nothing but form. It reads no clock, no file and no environment but through its ``Invocation``; and
/// it writes nothing: its ``Reply`` is written by the executable at once. What it learns from a question it may keep for
/// the answer to that question.
package protocol CallerDialect: Sendable {
    /// What stands behind `--dialect`.
    static var name: String { get }
    /// The names by which the program may be called to speak this dialect.
    static var executables: [String] { get }
    /// How long an answer may take for which nobody is asked; nil where the caller waits as long as it takes.
    static var deadline: Duration? { get }
    /// The user name under which a token that the caller handed over is kept; nil where callers hand over none, or name
    /// a user themselves.
    static var keptAs: String? { get }
    /// What is said before the first question of a conversation: one question a line, until the end of the input. Nil
    /// for callers that start us anew for each question.
    static var greeting: [UInt8]? { get }

    init()

    /// What the caller wants.
    mutating func question(_ invocation: Invocation) throws(InvocationError) -> Question

    /// The answer with a credential.
    ///
    /// - Throws: where the credential cannot be passed on without harm; nothing of it is written then.
    func found(_ answer: Answer, for request: CredentialRequest) throws(ResponseError) -> Reply

    /// The answer where there is no credential, or none that this protocol can carry.
    func notFound(_ request: CredentialRequest) -> Reply

    /// The answer to a `store` or an `erase` that went well.
    func done(_ operation: Operation) -> Reply

    /// The accounts, for callers that want to know which there are.
    func listed(_ accounts: [ListedAccount]) -> Reply

    /// The answer where something is wrong, in the form in which this protocol wants errors.
    func failed(_ failure: CallerFailure) -> Reply
}

/// What most callers want: nothing on standard output but the answer, what is wrong on standard error, and an exit status
/// other than 0.
extension CallerDialect {
    package static var executables: [String] { [] }
    package static var deadline: Duration? { .seconds(30) }
    package static var keptAs: String? { nil }
    package static var greeting: [UInt8]? { nil }

    package func notFound(_ request: CredentialRequest) -> Reply { failed(.noCredential(for: request)) }
    package func done(_ operation: Operation) -> Reply { Reply() }
    package func listed(_ accounts: [ListedAccount]) -> Reply { failed(CallerFailure(.usage)) }
    package func failed(_ failure: CallerFailure) -> Reply { Reply(complaint: failure.lines, status: failure.status) }
}

/// What a caller asks for.
package enum Question: Sendable, Equatable {
    /// A credential. Somebody may be asked for it only if `interaction` is not `never`.
    case get(CredentialRequest)
    /// To keep the credential in the request.
    case store(CredentialRequest)
    /// To forget the credential in the request.
    case erase(CredentialRequest)
    /// Which accounts there are.
    case list
    /// Nothing that has to be looked up: a version, the first phase of a protocol in two.
    case reply(Reply)
    /// Nothing more: the end of a conversation.
    case end
}

/// A credential to answer with.
package struct Answer: Sendable, Equatable {
    package var response: CredentialResponse
    /// The service whose account gave the token, which may be wider than what was asked for; nil for a stored password.
    package var service: ServiceURL?
    /// Seconds since 1970.
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

/// What the caller is told.
package struct Reply: Sendable, Equatable {
    /// For standard output, to be written at once.
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
