import Secrets
import Synchronization

@testable import KeyfobCore

/// A journal of grants that lives as long as the test.
final class InMemoryJournal: Sendable {
    private let grants = Mutex<[String: Secret]>([:])
    private let settling = Mutex<Set<String>>([])

    var isEmpty: Bool { grants.withLock { $0.isEmpty } }

    /// Lets the time pass in which a keyring may not have written its file.
    func letTimePass() { settling.withLock { $0 = [] } }

    var functions: GrantJournal {
        GrantJournal(
            keep: { account, grant in
                self.grants.withLock { $0[account] = grant }
                return true
            },
            recall: { account in self.grants.withLock { $0[account] } },
            forget: { account in self.grants.withLock { $0[account] = nil } },
            settle: { account in self.settling.withLock { _ = $0.insert(account) } },
            isSettling: { account in self.settling.withLock { $0.contains(account) } },
            accounts: { self.grants.withLock { Array($0.keys) } })
    }
}
