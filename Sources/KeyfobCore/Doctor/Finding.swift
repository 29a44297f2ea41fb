/// What a look at one ``Rung`` has found, in words that may be shown to anybody.
package struct Finding: Sendable, Equatable {
    package enum Status: String, Sendable, CaseIterable {
        /// It holds.
        case ok
        /// It holds, but not as well as it could, or not for everything.
        case warning
        /// It does not hold.
        case failed
        /// Nobody has looked, because of another rung.
        case skipped
    }

    package var status: Status
    /// One line, lower case, without a full stop.
    package var summary: String
    /// Facts for programs, by names of protocol.md.
    package var details: [String: Detail] = [:]
    /// What can be done about it, one line each.
    package var mend: [String] = []
    /// The exit status (sysexits(3)) with which a command would end for this reason; 0 unless it has failed.
    package var exitStatus: Int32 = 0
    /// The rung because of which nobody has looked.
    package var because: Rung?

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

    /// - Parameter summary: why the other rung says that there is nothing to look at.
    package static func skipped(because rung: Rung, _ summary: String) -> Finding {
        var finding = Finding(.skipped, summary)
        finding.because = rung
        return finding
    }
}
