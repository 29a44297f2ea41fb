import OAuth
import Synchronization
import TestSupport

/// A browser whose user agrees or refuses at once. The n-th code is `code-n`.
final class VisitingBrowser: Sendable {
    private let visits = Mutex(0)
    private let refuses: Bool

    /// - Parameter refuses: whether the user refuses.
    init(refuses: Bool = false) {
        self.refuses = refuses
    }

    /// How often keyfob opened the browser.
    var openings: Int { visits.withLock { $0 } }

    func visit(_ pending: PendingLogin) async throws {
        let visit = visits.withLock { visits in
            visits += 1
            return visits
        }
        guard pending.startAddress != nil else { return }
        let browser = Browser(pending: pending)
        let start = try await browser.start()
        let answer = refuses ? "error=access_denied" : "code=code-\(visit)"
        _ = try await browser.comeBack("\(answer)&state=\(start.parameters["state"] ?? "")", from: start)
    }
}
