package import CredentialProtocol
import Files
import Glibc
import KernelKeyring
import Secrets

/// The door for all callers: a small static program. It answers from kernel memory in the caller's dialect, or becomes
/// `keyfob-main`, which gets the same arguments and the same input.
///
/// It answers alone if kernel memory has git's password, or a token with enough lifetime left; if the caller stores what
/// keyfob gave it; or if the answer needs no lookup, as for an invalid question. That takes a few system calls: no D-Bus,
/// no library, no network. `keyfob-main` handles everything else: storing, deleting, listing and all other failures.
///
/// If the user's sign-ins are on another machine, the door asks the agent there (``ForwardedQuestion``).
package struct Door {
    private let dialect: any Dialect.Type
    private let arguments: [String]
    private let successor: [String]
    private let scope: Scope

    /// The questions that a door may answer.
    package enum Scope {
        /// Invalid questions, and questions that kernel memory can answer.
        case all
        /// Only questions whose answer needs no lookup: options may select another account than the one whose token is
        /// in kernel memory.
        case withoutLookup
        /// Only valid questions: `keyfob-main` reports errors in its own words.
        case valid
    }

    /// - Parameters:
    ///   - arguments: the arguments for the dialect.
    ///   - successor: the arguments of `keyfob-main`, starting with the program's name.
    package init(
        _ dialect: any Dialect.Type, _ arguments: [String], successor: [String], scope: Scope = .all
    ) {
        (self.dialect, self.arguments, self.successor, self.scope) = (dialect, arguments, successor, scope)
    }

    /// Returns the door for `git-credential-keyfob [OPTION]... OPERATION`. Options are for `keyfob-main`.
    ///
    /// - Parameter arguments: the arguments after the program's name.
    package static func git(_ arguments: [String]) -> Door {
        let operation = arguments.suffix(1)
        return Door(
            GitDialect.self, Array(operation),
            successor: ["keyfob"] + operation + ["--dialect", GitDialect.name] + arguments.dropLast(),
            scope: arguments.count > 1 ? .withoutLookup : .all)
    }

    /// - Returns: the exit status. Does not return if `keyfob-main` takes the question over.
    package func run() -> Int32 {
        if let greeting = dialect.greeting { return converse(greeting) }
        let input = ReadOnce(endsAtBlankLine: dialect.endsAtBlankLine)
        guard let reply = reply({ input.bytes() }) else {
            return failed(HandOver.run(successor, input: input.soFar))
        }
        return Output.deliver(reply)
    }

    /// Runs a conversation: one question a line, each answered before the next is read.
    private func converse(_ greeting: [UInt8]) -> Int32 {
        guard Output.write(greeting) else { return Output.unwritten() }
        let lines = UnansweredLines()
        while true {
            guard let reply = reply({ lines.next() }) else { return failed(handOver(heard: lines.unanswered)) }
            let status = Output.deliver(reply)
            if status != 0 || reply.isLast { return status }
        }
    }

    private func handOver(heard: [UInt8]) -> Report {
        HandOver.run(heard: heard) { descriptor in
            successor.prefix(1) + [ConversationLines.argument(descriptor: descriptor)] + successor.dropFirst()
        }
    }

    /// Reads one question and answers it. Returns nil if `keyfob-main` has to answer.
    private func reply(_ input: @escaping @Sendable () -> [UInt8]?) -> Reply? {
        var dialect = dialect.init()
        let read = Heard(input)
        let question = dialect.read(
            Invocation(arguments, variable: EnvironmentVariables.value(of:), input: { read.bytes() }))
        switch question {
        // `keyfob-main` also knows the names of hosts in letters other than ASCII.
        case .reply(let reply): return (scope == .valid || read.isInternational) && reply.status != 0 ? nil : reply
        case _ where scope != .withoutLookup:
            if let socket = AgentSocket.find() {
                let forwarded = ForwardedQuestion(question: question, dialect: dialect, socket: socket)
                if let reply = forwarded.reply() { return reply }
            }
        default: return nil
        }
        return local(question, dialect)
    }

    /// Answers a question from kernel memory. Returns nil if `keyfob-main` has to answer.
    private func local(_ question: Question, _ dialect: any Dialect) -> Reply? {
        switch question {
        case .get(let request):
            let response =
                RememberedToken.answer(to: request)
                ?? (dialect is GitDialect ? RememberedPassword.answer(to: request) : nil)
            return response.flatMap { try? dialect.found(Answer($0, now: Int64(time(nil))), for: request) }
        case .store(let request):
            let isStored =
                RememberedToken.isStored(by: request)
                || dialect is GitDialect && RememberedPassword.isStored(by: request)
            return isStored ? dialect.done(.store) : nil
        case .renew, .erase, .list: return nil
        case .reply(let reply): return reply
        }
    }

    /// Reports that `keyfob-main` could not be started.
    private func failed(_ report: Report) -> Int32 { Output.deliver(dialect.init().failed(report)) }
}
