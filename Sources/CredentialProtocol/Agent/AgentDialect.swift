/// The format between the agent of `keyfob forward` and the `keyfob-main` that it starts for a question: the same as
/// between a door and the agent.
package struct AgentDialect: Dialect {
    package static let name = "agent"
    /// The agent waits as long as the other machine does.
    package static let deadline: Duration? = nil
    package static let endsAtBlankLine = true
    package static let takesPasswordsWithoutPath = true
    /// Another machine may not delete what the user stored.
    package static let erasesPasswords = false

    package init() {}

    /// The other machine cannot decide that the user of this one is asked.
    package func question(_ invocation: Invocation) throws(InvocationError) -> Question {
        do throws(AgentQuestion.Invalid) {
            let question = try AgentQuestion(invocation.input() ?? [])
            var request = question.request
            if request.interaction == .always { request.interaction = nil }
            request.capabilities = Set(Capability.allCases)
            return question.operation == .get ? .get(request) : .erase(request)
        } catch {
            switch error {
            case .request(let error): throw .request(error)
            case .tooLarge: throw .tooLarge
            case .version, .operation: throw .malformed("the question of an agent")
            }
        }
    }

    package func found(_ answer: Answer, for request: CredentialRequest) throws(ResponseError) -> Reply {
        Reply(try AgentAnswer.credential(answer.response, service: answer.service).bytes())
    }

    package func unknown(_ request: CredentialRequest, _ report: Report) -> Reply { failed(report) }

    package func done(_ operation: Operation) -> Reply { reply(.done) }

    /// The hints are about the machine of the sign-in, not about the one of the caller.
    package func failed(_ report: Report) -> Reply {
        var report = report
        report.hints = report.hints.map { "on the machine of \"keyfob forward\": " + $0 }
        return reply(.refused(report))
    }

    private func reply(_ answer: AgentAnswer) -> Reply { Reply((try? answer.bytes()) ?? []) }
}
