import Addresses
package import CredentialProtocol
import JSON
import Secrets

/// One line of the log: what one question of another machine was answered. Never a secret.
package struct LogEntry: Sendable, Equatable {
    /// Seconds since 1970-01-01 UTC.
    package var time: Int64
    /// The name of the forward.
    package var destination: String
    package var operation: String
    /// The service, the user and the scopes that the question named.
    package var service: String?
    package var username: String?
    package var scopes: [String] = []
    /// The id of the account whose token the answer had.
    package var account: String?
    /// `token`, `password`, `erased`, the code of a report, or a refusal.
    package var outcome: String
    /// How many equal questions in a row this entry stands for.
    package var count = 1

    package init(time: Int64, destination: String, question: AgentQuestion?, outcome: String) {
        (self.time, self.destination, self.outcome) = (time, destination, outcome)
        operation = question?.operation.rawValue ?? "unknown"
        guard let request = question?.request else { return }
        if let wish = Wish(request) {
            (service, username, scopes) = (wish.service.description, wish.username, wish.scopes)
        } else {
            service = request.protocolName + "://" + request.host
            username = request.username
        }
    }

    /// Takes down what the answer was.
    package mutating func took(_ answer: AgentAnswer) {
        switch answer {
        case .credential(let response, _):
            outcome = response.isAccessToken ? "token" : "password"
            let name = "keyfob:account="
            account = response.state.first { $0.begins(with: name) }.map { String($0.dropFirst(name.utf8.count)) }
        case .done: outcome = "erased"
        case .refused(let report): outcome = report.code.rawValue
        }
    }

    /// Whether both are the same question with the same outcome.
    package func isLike(_ other: LogEntry) -> Bool {
        var other = other
        (other.time, other.count) = (time, count)
        return self == other
    }

    /// The line with its LF.
    package var line: [UInt8] {
        JSON.object([
            "time": .integer(time), "destination": .string(shown(destination)), "operation": .string(operation),
            "service": service.map { .string(shown($0)) }, "username": username.map { .string(shown($0)) },
            "scopes": scopes.isEmpty ? nil : .array(scopes.map { .string(shown($0)) }),
            "account": account.map { .string($0) }, "outcome": .string(outcome),
            "count": count == 1 ? nil : .integer(Int64(count)),
        ]).line
    }

    private func shown(_ text: String) -> String { Printable.text(text) }

    /// Reads a line. Returns nil if it is not one of the log.
    package init?(line: [UInt8]) {
        guard let value = JSON.parse(line), let time = value["time"]?.integer,
            let destination = value["destination"]?.text, let outcome = value["outcome"]?.text
        else { return nil }
        self.init(time: time, destination: destination, question: nil, outcome: outcome)
        operation = value["operation"]?.text ?? operation
        (service, username) = (value["service"]?.text, value["username"]?.text)
        if case .array(let elements) = value["scopes"] { scopes = elements.compactMap(\.text) }
        account = value["account"]?.text
        count = value["count"]?.integer.flatMap { Int(exactly: $0) } ?? 1
    }
}
