package import CredentialProtocol

/// The result of one ``Check``. It holds no secret.
package struct Finding: Sendable, Equatable {
    package enum Status: String, Sendable, CaseIterable {
        /// The condition holds.
        case ok
        /// The condition holds, but not as well as it could, or not for everything.
        case warning
        /// The condition does not hold.
        case failed
        /// The check did not run, because of another check.
        case skipped
    }

    package var status: Status
    /// One line, lower case, without a full stop.
    package var summary: String
    /// Facts for programs, under the names in protocol.md.
    package var details: [String: Detail] = [:]
    /// Ways to correct the problem, one line each: `mend` in the JSON.
    package var hints: [String] = []
    /// The exit status (sysexits(3)) that a command would have for this reason; 0 unless the check failed.
    package var exitStatus: Int32 = 0
    /// The id of the check that prevented this one.
    package var because: String?

    /// A fact.
    package enum Detail: Sendable, Equatable {
        case text(String)
        case number(Int64)
        case truth(Bool)
        case texts([String])
    }

    private init(_ status: Status, _ summary: String) {
        self.status = status
        self.summary = summary
    }

    package static func ok(_ summary: String, _ details: [String: Detail] = [:]) -> Finding {
        var finding = Finding(.ok, summary)
        finding.details = details
        return finding
    }

    package static func warning(_ summary: String, hints: [String], _ details: [String: Detail] = [:]) -> Finding {
        var finding = Finding(.warning, summary)
        (finding.details, finding.hints) = (details, hints)
        return finding
    }

    package static func failed(
        _ summary: String, hints: [String], exitStatus: Int32, _ details: [String: Detail] = [:]
    ) -> Finding {
        var finding = Finding(.failed, summary)
        (finding.details, finding.hints, finding.exitStatus) = (details, hints, exitStatus)
        return finding
    }

    /// The finding for an error, with the message and the exit status that a command would have.
    package static func failed(_ report: Report) -> Finding {
        failed(report.message, hints: report.hints, exitStatus: report.status)
    }

    /// - Parameters:
    ///   - id: the check that is the reason.
    ///   - summary: the reason why this check did not run.
    package static func skipped(because id: String, _ summary: String) -> Finding {
        var finding = Finding(.skipped, summary)
        finding.because = id
        return finding
    }
}
