import Files
import Glibc
import Synchronization

/// A lock for each account: one process at a time refreshes or signs in.
///
/// The lock is flock(2) on a file in the runtime directory. The kernel releases it when its holder ends, so no lock survives
/// a crash. The first byte of the file tells the waiting processes more:
/// - While the user is asked, a caller that may not ask does not wait.
/// - If the user gives no sign-in, that is the answer for every process that waited.
/// - If the holder got no token for another reason, the processes that waited for one need not try, too.
/// - If the holder ended during a refresh, the next holder knows that the answer was lost.
package struct AccountLock: Sendable {
    let directory: String
    private let underWay = RefreshUnderWay()
    let isAbandoned: @Sendable () -> Bool
    private let waits: @Sendable (State) -> Void

    /// - Parameters:
    ///   - directory: must belong to this user and must not be a link. If it does not exist, it is made with mode 0700.
    ///   - isAbandoned: whether this process's caller has ended. Then the wait ends.
    ///   - waits: is told, once for each wait, about the holder for which this process waits longer than usual.
    package init(
        directory: String, isAbandoned: @escaping @Sendable () -> Bool = { false },
        waits: @escaping @Sendable (State) -> Void = { _ in }
    ) {
        (self.directory, self.isAbandoned, self.waits) = (directory, isAbandoned, waits)
    }

    /// Why the lock was not acquired.
    package enum Failure: Error, Sendable, Equatable {
        /// The directory or the file cannot be made, or other users have access.
        case unusable(path: String, errno: Int32)
        /// The directory or its parent belongs to another user.
        case foreign(path: String, owner: UInt32)
        /// The holder did not release the lock in time.
        ///
        /// - Parameter holder: its process, if the system shows it.
        case timedOut(seconds: Int, holder: Int32? = nil)
        /// Nobody waits for this process any more: its caller has ended. Also the error of a sign-in that ends for that reason.
        case abandoned
        /// The holder is asking the user, and the caller may not wait for that.
        case personIsAsked
        /// The user was asked while the caller waited, and there was no sign-in.
        case personDeclined(Decline)
        /// The holder got no token while the caller waited.
        case holderFailed
    }

    /// Why a user who was asked has not signed in. The value is the first byte of the lock's file.
    package enum Decline: UInt8, Sendable, CaseIterable {
        /// The user or the server said no.
        case refused = 0x21  // !
        /// Nobody finished the sign-in in time.
        case unanswered = 0x2E  // .
        /// The user dismissed the notification.
        case dismissed = 0x58  // X
    }

    /// The first byte of a lock's file, unless it is a ``Decline``.
    enum Mark: UInt8 {
        case personIsAsked = 0x3F  // ?
        case failed = 0x2D  // -
        case refreshing = 0x7E  // ~
        case answerLost = 0x25  // %

        /// Returns nil if the file says nothing.
        init?(_ file: OpenFile) {
            guard let byte = file.firstByte else { return nil }
            self.init(rawValue: byte)
        }
    }

    /// Whether this process has sent a refresh token and not yet stored the new one. If it ended now, the grant might be
    /// lost.
    package var isRefreshing: Bool { underWay.is }

    /// A lock that this process holds.
    package struct Held: Sendable {
        fileprivate let file: OpenFile
        fileprivate let underWay: RefreshUnderWay

        /// Runs a sign-in, and tells the waiting processes that the user is asked, and why the user has not signed in.
        ///
        /// - Parameter decline: what an error says about the user; nil if something else failed.
        package func askingPerson<Result>(
            decline: (any Error) -> Decline? = { _ in .refused }, _ signIn: () async throws -> Result
        ) async throws -> Result {
            file.firstByte = Mark.personIsAsked.rawValue
            do {
                let result = try await signIn()
                file.firstByte = nil
                return result
            } catch {
                // Without its caller, the sign-in says nothing about the next one.
                let isAbandoned = error as? Failure == .abandoned
                file.firstByte = isAbandoned ? nil : decline(error)?.rawValue ?? Mark.failed.rawValue
                throw error
            }
        }

        /// Runs a refresh. If this process ends before ``answerIsKept()``, the next holder knows that the answer was lost.
        ///
        /// - Parameters:
        ///   - isLost: whether the server may have refreshed although there was an error.
        ///   - isShared: whether an error is the answer for the waiting processes, too.
        func refreshing<Result, Trouble: Error>(
            isLost: (Trouble) -> Bool, isShared: (Trouble) -> Bool = { _ in false },
            _ refresh: () async throws(Trouble) -> Result
        ) async throws(Trouble) -> Result {
            if !answerIsLost { file.firstByte = Mark.refreshing.rawValue }
            underWay.is = true
            do {
                return try await refresh()
            } catch {
                if isLost(error) {
                    file.firstByte = Mark.answerLost.rawValue
                } else if !answerIsLost {
                    file.firstByte = isShared(error) ? Mark.failed.rawValue : nil
                }
                throw error
            }
        }

        /// Notes that the result of a refresh is stored, and the next holder finds it.
        func answerIsKept() { file.firstByte = nil }

        /// Whether the last answer to a refresh was lost, by this holder or an earlier one.
        var answerIsLost: Bool { Mark(file) == .answerLost }
    }

    /// Whether any process has held the lock of `account` in this session.
    package func isKnown(_ account: String) -> Bool { Paths.exists("\(directory)/\(account).lock") }

    /// The file of a lock that one process takes to ask the user something besides a sign-in; nil if it cannot be made.
    func file(for question: String) -> OpenFile? { try? openFile(question) }

    /// Runs `body` under the lock of `account`.
    ///
    /// - Parameters:
    ///   - patience: how long to wait for another holder.
    ///   - waitsForPerson: whether to wait also while the holder asks the user.
    ///   - sharesFailure: whether to give up if the holder gets no token meanwhile.
    /// - Throws: ``Failure``, and what `body` throws.
    package func hold<Result>(
        _ account: String, patience: Duration, waitsForPerson: Bool, sharesFailure: Bool = false,
        _ body: (Held) async throws -> Result
    ) async throws -> Result {
        let file = try openFile(account)
        let waited = try await acquire(file, patience: patience, waitsForPerson: waitsForPerson)
        defer { file.unlock() }
        let mark = Mark(file)
        // The mark stays for the others who wait.
        if waited, let decline = file.firstByte.flatMap(Decline.init) { throw Failure.personDeclined(decline) }
        if waited, sharesFailure, mark == .failed || mark == .answerLost { throw Failure.holderFailed }
        file.firstByte = mark == .refreshing || mark == .answerLost ? Mark.answerLost.rawValue : nil
        defer { underWay.is = false }
        return try await body(Held(file: file, underWay: underWay))
    }

    /// Waits in small steps and not in flock(2), so that a deadline or a cancelled task ends the wait.
    ///
    /// - Returns: whether another process held the lock.
    private func acquire(_ file: OpenFile, patience: Duration, waitsForPerson: Bool) async throws -> Bool {
        var waited = false
        let start = ContinuousClock.now
        let deadline = start + patience
        var hasTold = !waitsForPerson
        var pause = Duration.milliseconds(2)
        var nextLook = start
        while !(try Self.wrapping({ () throws(FileError) in try file.tryLock() })) {
            waited = true
            let isAsking = Mark(file) == .personIsAsked
            if !waitsForPerson, isAsking { throw Failure.personIsAsked }
            if !hasTold, isAsking || ContinuousClock.now - start > Self.usualWait {
                hasTold = true
                state(of: file, .current).map(waits)
            }
            if ContinuousClock.now >= deadline {
                throw Failure.timedOut(
                    seconds: Int(patience.components.seconds), holder: state(of: file, .current)?.holder)
            }
            if ContinuousClock.now >= nextLook {
                if isAbandoned() { throw Failure.abandoned }
                nextLook = ContinuousClock.now + Self.pauseBetweenLooks
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(50))
        }
        return waited
    }

    /// A look at the caller reads several files of the system.
    private static let pauseBetweenLooks = Duration.milliseconds(300)

    /// Longer than most refreshes.
    private static let usualWait = Duration.seconds(3)

    private func openFile(_ account: String) throws(Failure) -> OpenFile {
        try makeDirectory()
        let parent: OpenFile
        do throws(FileError) {
            parent = try OpenFile(directory: directory, followsLink: false)
        } catch {
            if error.code == EACCES, let status = try? FileStatus(of: directory, followsLink: false), !status.isOurs {
                throw .foreign(path: directory, owner: status.owner)
            }
            throw Failure(error)
        }
        try refuseOthers(try Self.wrapping { () throws(FileError) in try parent.status() })
        return try Self.wrapping { () throws(FileError) in try parent.changing(account + ".lock") }
    }

    /// Makes the directory if it is missing, but not in a directory of another user: root there would shut that user out.
    private func makeDirectory() throws(Failure) {
        guard (try? FileStatus(of: directory)) == nil else { return }
        let parent = Paths.parent(of: directory)
        if let owner = OwnDirectory.foreignOwner(of: parent) { throw .foreign(path: parent, owner: owner) }
        OwnDirectory.makeOne(directory)
    }

    /// - Parameter status: of the directory.
    /// - Throws: if it is not this user's alone.
    func refuseOthers(_ status: FileStatus) throws(Failure) {
        guard status.isOurs else { throw .foreign(path: directory, owner: status.owner) }
        guard status.mode & 0o077 == 0 else { throw .unusable(path: directory, errno: EPERM) }
    }

    static func wrapping<Result>(_ body: () throws(FileError) -> Result) throws(Failure) -> Result {
        do throws(FileError) {
            return try body()
        } catch {
            throw Failure(error)
        }
    }
}

extension AccountLock.Failure {
    init(_ error: FileError) {
        switch error.problem {
        case .ofAnotherUser(let owner): self = .foreign(path: error.path, owner: owner)
        case .system(let code): self = .unusable(path: error.path, errno: code)
        case .notAFile, .writableByOthers: self = .unusable(path: error.path, errno: EPERM)
        }
    }
}

/// Whether a refresh is in flight. A deadline must not end the process then.
private final class RefreshUnderWay: Sendable {
    private let state = Mutex(false)

    var `is`: Bool {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
