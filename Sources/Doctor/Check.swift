/// One condition that keyfob needs in order to work. Each check is a file in `Checks`, a line in ``Checks/all``, and a row
/// in appendix B of protocol.md.
package protocol Check: Sendable {
    /// The name in the report: `rung` in the JSON.
    var id: String { get }
    /// The checks without which this one cannot be run. If one of them failed or was skipped, this one is skipped.
    var needs: [String] { get }
    /// The checks whose results this one uses, whatever the results are. This one waits for them.
    var follows: [String] { get }
    /// The time limit.
    var limit: Duration { get }
    var condition: CheckCondition { get }

    /// Runs the check.
    ///
    /// - Throws: any error of the program. It becomes a failed finding with the message that a command would print.
    func look(_ context: CheckContext) async throws -> Finding
}

/// When a check is part of a run.
package enum CheckCondition: Sendable, Equatable {
    case always
    /// The user named a service.
    case service
    /// The user named a service and allowed the use of its refresh token.
    case refresh
}

extension Check {
    package var needs: [String] { [] }
    package var follows: [String] { [] }
    package var limit: Duration { .seconds(3) }
    package var condition: CheckCondition { .always }
}
