import Files
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

        /// Returns nil if the file says nothing.
        init?(_ file: OpenFile) {
            guard let byte = file.firstByte else { return nil }
            self.init(rawValue: byte)
        }
    }

    /// Whether a refresh token of this process has been sent, and what came of it is not kept yet: ending now might cost the
    /// sign-in.
    package var isRefreshing: Bool { underWay.is }

    /// The lock while it is held.
    package struct Held: Sendable {
        fileprivate let file: OpenFile
        fileprivate let underWay: RefreshUnderWay

        /// Runs a sign-in, and lets those who wait know of it: that a person is being asked, and that they declined.
        ///
        /// - Parameter isAnswer: whether an error means that.
        package func askingPerson<Result>(
            isAnswer: (any Error) -> Bool = { _ in true }, _ signIn: () async throws -> Result
        ) async throws -> Result {
            file.firstByte = Mark.personIsAsked.rawValue
            do {
                let result = try await signIn()
                file.firstByte = nil
                return result
            } catch {
                file.firstByte = isAnswer(error) ? Mark.personDeclined.rawValue : nil
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
            if !answerIsLost { file.firstByte = Mark.refreshing.rawValue }
            underWay.is = true
            do {
                return try await refresh()
            } catch {
                if isLost(error) {
                    file.firstByte = Mark.answerLost.rawValue
                } else if !answerIsLost {
                    file.firstByte = nil
                }
                throw error
            }
        }

        /// What the answer to a refresh brought is where the next holder finds it.
        func answerIsKept() { file.firstByte = nil }

        /// Whether the answer to a refresh was lost, by this holder or one before it, and no other has come since.
        var answerIsLost: Bool { Mark(file) == .answerLost }
    }

    /// Whether anybody has held the lock of `account` since the person logged in.
    package func isKnown(_ account: String) -> Bool { Paths.exists("\(directory)/\(account).lock") }

    /// Runs `body` under the lock of `account`.
    ///
    /// - Parameters:
    ///   - patience: how long to wait for another holder.
    ///   - waitsForPerson: whether to go on waiting while the holder asks a person.
    package func hold<Result>(
        _ account: String, patience: Duration, waitsForPerson: Bool,
        _ body: (Held) async throws -> Result
    ) async throws -> Result {
        let file = try openFile(account)
        let waited = try await acquire(file, patience: patience, waitsForPerson: waitsForPerson)
        defer { file.unlock() }
        let mark = Mark(file)
        if waited, mark == .personDeclined { throw Failure.personDeclined }
        file.firstByte = mark == .refreshing || mark == .answerLost ? Mark.answerLost.rawValue : nil
        defer { underWay.is = false }
        return try await body(Held(file: file, underWay: underWay))
    }

    /// Waits in small steps rather than in flock(2), so that a deadline and a cancelled task end the wait.
    ///
    /// - Returns: whether there was somebody to wait for.
    private func acquire(_ file: OpenFile, patience: Duration, waitsForPerson: Bool) async throws -> Bool {
        var waited = false
        let deadline = ContinuousClock.now + patience
        var pause = Duration.milliseconds(2)
        while !(try Self.wrapping({ () throws(FileError) in try file.tryLock() })) {
            waited = true
            if !waitsForPerson, Mark(file) == .personIsAsked { throw Failure.personIsAsked }
            if ContinuousClock.now >= deadline { throw Failure.timedOut(seconds: Int(patience.components.seconds)) }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(50))
        }
        return waited
    }

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

/// Whether a refresh is under way, for whoever would like to end the process.
private final class RefreshUnderWay: Sendable {
    private let state = Mutex(false)

    var `is`: Bool {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
