import ArgumentParser
import Console
import CredentialProtocol
import Dialects
import Doors
import Glibc

/// Exchanges on standard input, standard output and standard error.
extension Main {
    /// Grace period for a refresh in flight after a late reply. A refresh token that was sent is used up, and its response
    /// may only be late. With this period, the shortest deadline is still within what its callers accept.
    private static let grace = Duration.seconds(3)

    /// Answers the question on standard input, or all questions of a conversation.
    ///
    /// - Parameter arguments: the arguments for the dialect.
    /// - Returns: the exit status.
    static func serve(_ exchange: Exchange, _ arguments: [String]) async -> Int32 {
        guard let greeting = exchange.dialect.greeting else {
            let endsAtBlankLine = exchange.dialect.endsAtBlankLine
            let invocation = Invocation(arguments, variable: Environment.variable) {
                Input.read(endsAtBlankLine: endsAtBlankLine)
            }
            return await finish(exchange, deliver(await exchange.reply(to: invocation)))
        }
        var arguments = arguments
        let heard = ConversationLines.descriptor(from: &arguments)
        // A door that has read something has already written the greeting.
        if heard == nil {
            let status = deliver(Reply(greeting))
            guard status == 0 else { return status }
        }
        let lines = LineInput(beginningOn: heard)
        while true {
            let reply = await exchange.reply(to: Invocation(arguments, variable: Environment.variable) { lines.next() })
            let status = deliver(reply)
            if status != 0 || reply.isLast { return await finish(exchange, status) }
        }
    }

    /// The same for a command, which ends by an error unless the exit status is 0.
    static func serveToExit(_ exchange: Exchange, _ arguments: [String]) async throws {
        let status = await serve(exchange, arguments)
        if status != 0 { throw ExitCode(status) }
    }

    /// Writes the whole reply.
    ///
    /// - Returns: the exit status.
    private static func deliver(_ reply: Reply) -> Int32 {
        guard Output.write(reply.output) else { return Output.unwritten() }
        Terminal.say(lines: reply.complaint)
        return reply.status
    }

    /// Waits for a refresh in flight. The caller does not have to wait if it reads the output to its end.
    private static func finish(_ exchange: Exchange, _ status: Int32) async -> Int32 {
        guard exchange.isRefreshing else { return status }
        StandardOutput.end()
        let end = ContinuousClock.now + grace
        while exchange.isRefreshing, ContinuousClock.now < end { try? await Task.sleep(for: .milliseconds(10)) }
        _exit(status)
    }
}
