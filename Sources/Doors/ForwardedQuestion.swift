import CredentialProtocol
import Files
import Glibc

/// A caller's question, asked at the agent of `keyfob forward` instead of on this machine.
///
/// This machine then needs no keyring, no session bus, no configuration and no other program, and keeps nothing.
struct ForwardedQuestion {
    let question: Question
    let dialect: any Dialect
    let socket: AgentSocket

    /// Returns the reply to the caller; nil if this machine has to answer: the agent is gone, has no credential for the
    /// service or may not give it out, and `keyfob-main` is here.
    func reply() -> Reply? {
        let isAlone = !HandOver.isPossible
        do throws(AgentCaller.Dead) {
            return try answered(isAlone)
        } catch {
            let report = Report(
                .temporary, "no agent answers at \(socket.path): \(error.reason)",
                hints: isAlone ? ["on the machine with your sign-ins, run keyfob forward again"] : [])
            if isAlone { return dialect.failed(report) }
            Output.complain("keyfob: " + report.message)
            return nil
        }
    }

    private func answered(_ isAlone: Bool) throws(AgentCaller.Dead) -> Reply? {
        let agent = AgentCaller(socket: socket, deadline: type(of: dialect).deadline)
        switch question {
        case .get(let request): return reply(to: request, try agent.ask(.init(.get, asked(request))), isAlone)
        case .renew(let request):
            var answer = try agent.ask(.init(.get, asked(request)))
            if case .credential(let response, _) = answer, response.continue {
                var again = asked(request)
                again.state = response.state
                answer = try agent.ask(.init(.get, again))
            }
            return reply(to: request, answer, isAlone)
        case .store:
            // What the agent gave may not stay here, and callers do not say where a credential comes from.
            try agent.greet()
            return dialect.done(.store)
        case .erase(let request):
            if request.credential ?? request.password != nil { _ = try agent.ask(.init(.erase, request)) }
            return isAlone ? dialect.done(.erase) : nil
        case .list: return isAlone ? dialect.listed([]) : nil
        case .reply(let reply): return reply
        }
    }

    /// The request, with the setting of this machine whether the user may be asked.
    private func asked(_ request: CredentialRequest) -> CredentialRequest {
        var request = request
        let setting = EnvironmentVariables.value(of: "KEYFOB_INTERACTION").flatMap { Interaction(rawValue: $0) }
        request.interaction = request.interaction ?? setting
        return request
    }

    private func reply(to request: CredentialRequest, _ answer: AgentAnswer, _ isAlone: Bool) -> Reply? {
        switch answer {
        case .credential(let response, let service):
            do {
                return try dialect.found(Answer(response, service: service, now: Int64(time(nil))), for: request)
            } catch {
                return dialect.failed(Report(error))
            }
        case .done: return dialect.notFound(request)
        case .refused(let report) where [.noCredential, .denied].contains(report.code) && !isAlone: return nil
        case .refused(let report) where report.code == .noCredential: return dialect.notFound(request)
        case .refused(let report): return dialect.failed(report)
        }
    }
}
