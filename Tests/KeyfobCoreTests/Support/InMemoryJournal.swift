import Secrets
import Synchronization

@testable import KeyfobCore

/// A journal of grants that lives as long as the test.
final class InMemoryJournal: Sendable {
    private let grants = Mutex<[String: Secret]>([:])

    var isEmpty: Bool { grants.withLock { $0.isEmpty } }

    var functions: GrantJournal {
        GrantJournal(
            keep: { account, grant in
                self.grants.withLock { $0[account] = grant }
                return true
            },
            recall: { account in self.grants.withLock { $0[account] } },
            forget: { account in self.grants.withLock { $0[account] = nil } },
            accounts: { self.grants.withLock { Array($0.keys) } })
    }
}
