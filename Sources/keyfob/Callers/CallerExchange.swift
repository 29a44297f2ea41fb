import ArgumentParser
import Console
import CredentialProtocol
import Dialects
import Doors
import Glibc
import KeyfobCore
import SecretService

/// Answers the requests of a caller other than git. It writes one answer per request to standard output, in the
/// caller's own format, errors included.
struct CallerExchange {
    let dialect: any CallerDialect.Type
    let arguments: [String]
    let account: String?
    let interaction: Interaction?

    /// - Parameters:
    ///   - arguments: the arguments after the program's name, or after the arguments that chose the dialect.
    ///   - interaction: whether keyfob may ask the user, if the dialect allows questions at all.
    init(
        _ dialect: any CallerDialect.Type, _ arguments: [String], account: String? = nil,
        interaction: Interaction? = nil
    ) {
        self.dialect = dialect
        self.arguments = arguments
        self.account = account
        self.interaction = interaction
    }

    /// Answers the request, or all requests of a conversation.
    ///
    /// - Returns: the exit status.
    func run() async -> Int32 {
        guard let greeting = dialect.greeting else {
            let invocation = Invocation(arguments, variable: Environment.variable) { StandardInput.readAll() }
            return Self.deliver(await turn(invocation).reply ?? Reply())
        }
        var arguments = arguments
        let heard = ConversationLines.descriptor(from: &arguments)
        // If a door has read input, it has already sent the greeting.
        guard heard != nil || Self.deliver(Reply(greeting)) == 0 else { return Output.nobodyReads }
        let lines = LineInput(beginningOn: heard)
        while true {
            let turn = await turn(Invocation(arguments, variable: Environment.variable) { lines.next() })
            guard let reply = turn.reply else { return 0 }
            let status = Self.deliver(reply)
            if status != 0 || turn.isLast { return status }
        }
    }

    /// The same for a command.
    func runToExit() async throws {
        let status = await run()
        if status != 0 { throw ExitCode(status) }
    }

    /// Reads one request and answers it. Returns nil at the end of the input. Unreadable input ends a conversation.
    private func turn(_ invocation: Invocation) async -> (reply: Reply?, isLast: Bool) {
        var speaker = dialect.init()
        let question: Question
        do {
            question = try speaker.question(invocation)
        } catch {
            return (speaker.failed(Report(error)), error.endsConversation)
        }
        if case .end = question { return (nil, true) }
        return (await reply(to: question, speaker), false)
    }

    private func reply(to question: Question, _ speaker: any CallerDialect) async -> Reply {
        let composition = Composition(account: account, interaction: question.asksNobody ? .never : interaction)
        let limit = question.asksNobody ? dialect.deadline : nil
        let deadline = Deadline(limit, isBusy: { composition.lock.isRefreshing }) { seconds in
            let failure = Report(.temporary, "no answer within \(seconds) seconds", hints: ["try again later"])
            return Self.deliver(speaker.failed(failure))
        }
        do {
            let reply = try await lookedUp(question, speaker, composition)
            deadline.isMet()
            return reply
        } catch CredentialFailure.noAccountAndNoKeyring {
            deadline.isMet()
            // keyfob knows nothing about the service, and can store nothing for it here.
            return speaker.notFound(question.request ?? CredentialRequest(protocolName: "https", host: ""))
        } catch {
            deadline.isMet()
            return speaker.failed(Report(error))
        }
    }

    /// Writes the complete answer.
    ///
    /// - Returns: the exit status.
    private static func deliver(_ reply: Reply) -> Int32 {
        guard Output.write(reply.output) else { return Output.nobodyReads }
        for line in reply.complaint { Terminal.write(line + "\n") }
        return reply.status
    }
}

/// Finds the credential for a request.
extension CallerExchange {
    private func lookedUp(
        _ question: Question, _ speaker: any CallerDialect, _ composition: Composition
    ) async throws -> Reply {
        switch question {
        case .get(let request): return try await get(request, speaker, composition)
        case .store(let request):
            try await composition.attempt { helper, _ in try await helper.store(request) }
            return speaker.done(.store)
        case .erase(let request):
            try await composition.attempt { helper, _ in try await helper.erase(request, storedFor: dialect.keptAs) }
            return speaker.done(.erase)
        case .list: return speaker.listed(try accounts(composition.grants))
        case .reply(let reply): return reply
        case .end: return Reply()
        }
    }

    private func get(
        _ request: CredentialRequest, _ speaker: any CallerDialect, _ composition: Composition
    ) async throws -> Reply {
        try await composition.attempt { helper, configuration in
            let alternatives = PasswordStore.Alternatives(preferredUser: dialect.keptAs, withoutPath: true)
            guard let found = try await helper.get(request, alternatives: alternatives) else {
                return speaker.notFound(request)
            }
            if let account = found.account, self.account == nil {
                composition.noteRoute(request, account, configuration)
            }
            let answer = Answer(found.response, service: found.account?.service, now: Int64(time(nil)))
            return try speaker.found(answer, for: request)
        }
    }

    /// Empty if there is no keyring: nothing is stored then.
    private func accounts(_ grants: GrantStore) throws -> [ListedAccount] {
        do {
            return try grants.all().filter { $0.endedAt == nil }.map {
                ListedAccount(url: $0.service, username: $0.accountName ?? "oauth2")
            }
        } catch {
            switch error {
            case .noBus, .noProvider: return []
            default: throw error
            }
        }
    }
}

extension Question {
    fileprivate var request: CredentialRequest? {
        switch self {
        case .get(let request), .store(let request), .erase(let request): request
        case .list, .reply, .end: nil
        }
    }

    fileprivate var asksNobody: Bool { request.map { $0.interaction == .never } ?? true }
}
