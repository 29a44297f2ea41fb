import Glibc
import Synchronization

/// One process at a time decides about an account.
///
/// flock(2) on a file of its own in the runtime directory: the kernel lets go of it when its holder ends, however it
/// ends, so no lock survives a crash. The file stays and says what the holder does: while a person is being asked, a
/// caller that may not ask does not wait for them; and when they have said no, it was no to everybody who waited. And of a
/// holder that ended while a refresh was under way, the next one learns that.
package struct AccountLock: Sendable {
    let directory: String
    private let underWay = RefreshUnderWay()

    /// - Parameter directory: made with mode 0700 if absent; must be a directory of ours, not a link.
    package init(directory: String) {
        self.directory = directory
    }

    /// Why there is no lock.
    package enum Failure: Error, Sendable, Equatable {
        /// The directory or the file cannot be made, or others may enter it.
        case unusable(path: String, errno: Int32)
        /// The directory, or the one that it would have to be made in, belongs to another user.
        case foreign(path: String, owner: UInt32)
        /// The holder did not let go in time.
        case timedOut(seconds: Int)
        /// The holder is asking a person, and the caller may not wait for that.
        case personIsAsked
        /// The person was asked while the caller waited, and nothing came of it.
        case personDeclined
    }

    /// What a lock's file says, in its first byte.
    enum Mark: UInt8 {
        case personIsAsked = 0x3F  // ?
        case personDeclined = 0x21  // !
        case refreshing = 0x7E  // ~
        case answerLost = 0x25  // %
    }

    /// Whether a refresh token of this process has been sent, and what came of it is not kept yet: ending now might cost the
    /// sign-in.
    package var isRefreshing: Bool { underWay.is }

    /// The lock while it is held.
    package struct Held: Sendable {
        fileprivate let descriptor: CInt
        fileprivate let underWay: RefreshUnderWay

        /// Runs a sign-in, and lets those who wait know of it: that a person is being asked, and that they declined.
        ///
        /// - Parameter isAnswer: whether an error means that.
        package func askingPerson<Result>(
            isAnswer: (any Error) -> Bool = { _ in true }, _ signIn: () async throws -> Result
        ) async throws -> Result {
            AccountLock.write(.personIsAsked, descriptor)
            do {
                let result = try await signIn()
                ftruncate(descriptor, 0)
                return result
            } catch {
                if isAnswer(error) { AccountLock.write(.personDeclined, descriptor) } else { ftruncate(descriptor, 0) }
                throw error
            }
        }

        /// Runs a refresh, and lets the next holder know if its answer was lost: this one may not live to see it, or to
        /// keep it. ``answerIsKept()`` ends that.
        ///
        /// - Parameter isLost: whether an error means that the server may have done what was asked.
        func refreshing<Result, Trouble: Error>(
            isLost: (Trouble) -> Bool, _ refresh: () async throws(Trouble) -> Result
        ) async throws(Trouble) -> Result {
            if !answerIsLost { AccountLock.write(.refreshing, descriptor) }
            underWay.is = true
            do {
                return try await refresh()
            } catch {
                if isLost(error) {
                    AccountLock.write(.answerLost, descriptor)
                } else if !answerIsLost {
                    ftruncate(descriptor, 0)
                }
                throw error
            }
        }

        /// What the answer to a refresh brought is where the next holder finds it.
        func answerIsKept() {
            ftruncate(descriptor, 0)
        }

        /// Whether the answer to a refresh was lost, by this holder or one before it, and no other has come since.
        var answerIsLost: Bool { AccountLock.mark(descriptor) == .answerLost }
    }

    /// Whether anybody has held the lock of `account` since the person logged in.
    package func isKnown(_ account: String) -> Bool { unsafe access("\(directory)/\(account).lock", F_OK) == 0 }

    /// Runs `body` under the lock of `account`.
    ///
    /// - Parameters:
    ///   - patience: how long to wait for another holder.
    ///   - waitsForPerson: whether to go on waiting while the holder asks a person.
    package func hold<Result>(
        _ account: String, patience: Duration, waitsForPerson: Bool,
        _ body: (Held) async throws -> Result
    ) async throws -> Result {
        let descriptor = try openFile(account)
        defer { close(descriptor) }  // which lets go of the lock
        let waited = try await acquire(descriptor, patience: patience, waitsForPerson: waitsForPerson)
        if waited, Self.mark(descriptor) == .personDeclined { throw Failure.personDeclined }
        switch Self.mark(descriptor) {
        case .refreshing, .answerLost: Self.write(.answerLost, descriptor)
        default: ftruncate(descriptor, 0)
        }
        defer { underWay.is = false }
        return try await body(Held(descriptor: descriptor, underWay: underWay))
    }

    /// Waits in small steps rather than in flock(2), so that a deadline and a cancelled task end the wait.
    ///
    /// - Returns: whether there was somebody to wait for.
    private func acquire(_ descriptor: CInt, patience: Duration, waitsForPerson: Bool) async throws -> Bool {
        var waited = false
        let deadline = ContinuousClock.now + patience
        var pause = Duration.milliseconds(2)
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw Failure.unusable(path: directory, errno: errno)
            }
            waited = true
            if !waitsForPerson, Self.mark(descriptor) == .personIsAsked { throw Failure.personIsAsked }
            if ContinuousClock.now >= deadline { throw Failure.timedOut(seconds: Int(patience.components.seconds)) }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(50))
        }
        return waited
    }

    private static func mark(_ descriptor: CInt) -> Mark? {
        var byte: UInt8 = 0
        return unsafe pread(descriptor, &byte, 1, 0) == 1 ? Mark(rawValue: byte) : nil
    }

    private static func write(_ mark: Mark, _ descriptor: CInt) {
        var byte = mark.rawValue
        _ = unsafe pwrite(descriptor, &byte, 1, 0)
    }

    private func openFile(_ account: String) throws(Failure) -> CInt {
        try makeDirectory()
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let parent = unsafe open(directory, flags)
        var status = stat()
        guard parent >= 0 else {
            let code = errno
            if code == EACCES, unsafe lstat(directory, &status) == 0, status.st_uid != geteuid() {
                throw .foreign(path: directory, owner: status.st_uid)
            }
            throw .unusable(path: directory, errno: code)
        }
        defer { close(parent) }
        guard unsafe fstat(parent, &status) == 0 else { throw .unusable(path: directory, errno: errno) }
        try refuseOthers(status)
        return try openFile(account, in: parent)
    }

    /// Makes the directory where it is absent, but not in a directory of another user: root there would shut that user out.
    private func makeDirectory() throws(Failure) {
        guard unsafe access(directory, F_OK) != 0, errno == ENOENT else { return }
        let parent = OwnDirectory.parent(of: directory)
        if let owner = OwnDirectory.foreignOwner(of: parent) { throw .foreign(path: parent, owner: owner) }
        unsafe mkdir(directory, 0o700)
    }

    /// - Parameter status: of the directory.
    /// - Throws: where it is not this user's alone.
    func refuseOthers(_ status: stat) throws(Failure) {
        guard status.st_uid == geteuid() else { throw .foreign(path: directory, owner: status.st_uid) }
        guard status.st_mode & 0o077 == 0 else { throw .unusable(path: directory, errno: EPERM) }
    }

    private func openFile(_ account: String, in parent: CInt) throws(Failure) -> CInt {
        let name = account + ".lock"
        let descriptor = unsafe openat(parent, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unusable(path: directory + "/" + name, errno: errno) }
        return descriptor
    }
}

/// Whether a refresh is under way, for whoever would like to end the process.
private final class RefreshUnderWay: Sendable {
    private let state = Mutex(false)

    var `is`: Bool {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
