import Addresses
import Console
import CredentialProtocol
import Dialects
import Glibc
import KeyfobCore
import SecretService
import Synchronization

/// Exchanges with a caller: a function from the caller's input and environment to the reply. It reads no descriptor, writes
/// nothing and does not end the process, so one process can answer any number of questions.
struct Exchange: Sendable {
    let dialect: any Dialect.Type
    let account: String?
    let interaction: Interaction?
    let isVerbose: Bool
    let machine: String?
    private let onlyScopes: [String]
    private let locks = Locks()

    /// - Parameters:
    ///   - account: the account that the command line names.
    ///   - interaction: whether keyfob may ask the user, if the dialect allows that at all.
    ///   - machine: the other machine that asks (`keyfob forward`). A question to the user names it.
    ///   - onlyScopes: the only scopes that a token may have; empty for no such limit.
    init(
        _ dialect: any Dialect.Type, account: String? = nil, interaction: Interaction? = nil, isVerbose: Bool = false,
        machine: String? = nil, onlyScopes: [String] = []
    ) {
        (self.dialect, self.account, self.interaction, self.isVerbose) = (dialect, account, interaction, isVerbose)
        (self.machine, self.onlyScopes) = (machine, onlyScopes)
    }

    /// Whether a refresh is in flight. If the process ended now, the new refresh token could be lost. A reply after the
    /// deadline does not end the refresh.
    var isRefreshing: Bool { locks.areRefreshing }

    /// Answers one question. Errors too have the form of the dialect.
    func reply(to invocation: Invocation) async -> Reply {
        var dialect = dialect.init()
        var invocation = invocation
        invocation.input = { [input = invocation.input] in input().map(InternationalName.withHostInASCII) }
        let question = dialect.read(invocation)
        if case .reply(let reply) = question { return reply }
        let asksNobody = question.request.map { $0.interaction == .never } ?? true
        let limit = asksNobody ? type(of: dialect).deadline : nil
        let composition = Composition(
            account: account, interaction: limit == nil ? interaction ?? (asksNobody ? .never : nil) : .never,
            isForGit: dialect is GitDialect, isVerbose: isVerbose, machine: machine)
        locks.add(composition.lock)
        return await Deadline.reply(within: limit, late: { [dialect] in Self.late($0, dialect) }) { [dialect] in
            await reply(to: question, dialect, composition)
        }
    }

    private static func late(_ seconds: Int64, _ dialect: any Dialect) -> Reply {
        var reply = dialect.failed(
            Report(.temporary, "no answer within \(seconds) seconds", hints: ["try again later"]))
        reply.isLast = true
        return reply
    }

    private func reply(to question: Question, _ dialect: any Dialect, _ composition: Composition) async -> Reply {
        do {
            switch question {
            case .get(let request): return try await get(request, dialect, composition, renews: false)
            case .renew(let request): return try await get(request, dialect, composition, renews: true)
            case .store(let request):
                try await composition.attempt { helper, _ in try await helper.store(request) }
                return dialect.done(.store)
            case .erase(let request):
                let caller = type(of: dialect)
                try await composition.attempt { helper, _ in
                    if caller.erasesPasswords {
                        try await helper.erase(request, storedFor: caller.keptAs)
                    } else {
                        try await helper.discard(request)
                    }
                }
                return dialect.done(.erase)
            case .list: return dialect.listed(try Self.accounts(composition.grants))
            case .reply(let reply): return reply
            }
        } catch {
            let request = question.request
            if case CredentialFailure.noAccountAndNoKeyring = error, let request {
                return dialect.unknown(request, Report(error, about: request.url?.description))
            }
            let options =
                HintedCommand.option("--account", account)
                + (request?.scope ?? []).flatMap { HintedCommand.option("--scope", $0) }
            let url = question.mayNeedSignIn ? request?.url?.description : nil
            var report = Report(error, about: url, options: options)
            if case .erase = question { report = report.withoutAdviceToSignIn() }
            if dialect is GitDialect, (error as? CredentialFailure)?.isAnswerOfUser == true {
                report.isFinal = composition.isLastHelper(for: request?.url)
            }
            return dialect.failed(report)
        }
    }

    private func get(
        _ request: CredentialRequest, _ dialect: any Dialect, _ composition: Composition, renews: Bool
    ) async throws -> Reply {
        var request = request
        request.onlyScopes = onlyScopes
        let caller = type(of: dialect)
        let alternatives = PasswordStore.Alternatives(
            preferredUser: caller.keptAs, withoutPath: caller.takesPasswordsWithoutPath)
        return try await composition.attempt { helper, configuration in
            let generation = composition.passwordGeneration
            let found =
                renews
                ? try await helper.renew(request, alternatives: alternatives)
                : try await helper.get(request, alternatives: alternatives)
            guard let found else {
                return dialect.notFound(request)
            }
            // A caller that comes back names the user of the answer, which may be the same for all accounts.
            if let account = found.account, TokenState(refusedIn: request) == nil {
                composition.noteRoute(request, account, configuration)
            } else if let generation {
                composition.noteRoute(request, to: found, generation)
            }
            let answer = Answer(found.response, service: found.account?.service, now: Int64(time(nil)))
            return try dialect.found(answer, for: request)
        }
    }

    /// The accounts that are signed in; none if there is no keyring, because then nothing is stored.
    private static func accounts(_ grants: GrantStore) throws -> [ListedAccount] {
        do {
            return try grants.all().filter { $0.endedAt == nil }.map {
                ListedAccount(url: $0.service, username: $0.accountName ?? "oauth2")
            }
        } catch {
            if error.isMissingService { return [] }
            throw error
        }
    }
}

extension Question {
    /// Whether a sign-in could answer the question.
    fileprivate var mayNeedSignIn: Bool { if case .get = self { true } else { false } }
}

/// The locks of an exchange.
private final class Locks: Sendable {
    private let all = Mutex<[AccountLock]>([])

    var areRefreshing: Bool { all.withLock { locks in locks.contains { $0.isRefreshing } } }

    func add(_ lock: AccountLock) { all.withLock { $0.append(lock) } }
}
