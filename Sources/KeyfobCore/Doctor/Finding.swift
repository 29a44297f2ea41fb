/// The result of checking one ``Check``, in words that anybody may see.
package struct Finding: Sendable, Equatable {
    package enum Status: String, Sendable, CaseIterable {
        /// The condition holds.
        case ok
        /// The condition holds, but not as well as it could, or not for everything.
        case warning
        /// The condition does not hold.
        case failed
        /// The check was not checked, because of another check.
        case skipped
    }

    package var status: Status
    /// One line, lower case, without a full stop.
    package var summary: String
    /// Facts for programs, under the names in protocol.md.
    package var details: [String: Detail] = [:]
    /// Ways to correct the problem, one line each.
    package var mend: [String] = []
    /// The exit status (sysexits(3)) that a command would have for this reason; 0 unless the check failed.
    package var exitStatus: Int32 = 0
    /// The check that prevented the check.
    package var because: Check?

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

    package static func warning(_ summary: String, mend: [String], _ details: [String: Detail] = [:]) -> Finding {
        var finding = Finding(.warning, summary)
        (finding.details, finding.mend) = (details, mend)
        return finding
    }

    package static func failed(
        _ summary: String, mend: [String], exitStatus: Int32, _ details: [String: Detail] = [:]
    ) -> Finding {
        var finding = Finding(.failed, summary)
        (finding.details, finding.mend, finding.exitStatus) = (details, mend, exitStatus)
        return finding
    }

    /// - Parameter summary: the reason, found at the other check, why there is nothing to check.
    package static func skipped(because check: Check, _ summary: String) -> Finding {
        var finding = Finding(.skipped, summary)
        finding.because = check
        return finding
    }
}
