import Files
import Glibc

extension AccountLock {
    /// One lock in the directory, examined without taking it.
    package struct State: Sendable, Equatable {
        /// The process that holds the lock, if the system shows it.
        package var holder: Int32?
        package var activity: Activity
        /// When the activity began, in seconds since 1970-01-01 UTC.
        package var since: Int64 = 0
    }

    /// The activity of the current or the last holder, from the lock file.
    package enum Activity: Sendable, Equatable {
        case unknown
        /// keyfob asks, or asked, the user to sign in.
        case asking
        /// A refresh is in progress.
        case refreshing
        /// The response to a refresh was lost.
        case answerLost
    }

    /// The directory of the locks if it is usable; nil if it does not exist yet but can be created.
    ///
    /// - Throws: ``Failure``, as a lock would.
    package func examineDirectory() throws(Failure) -> String? {
        let status: FileStatus
        do throws(FileError) {
            status = try FileStatus(of: directory, followsLink: false)
        } catch {
            guard error.code == ENOENT else { throw Failure(error) }
            let parent = Paths.parent(of: directory)
            if let owner = OwnDirectory.foreignOwner(of: parent) { throw .foreign(path: parent, owner: owner) }
            if let code = Paths.problem(withWritingInto: parent) { throw .unusable(path: directory, errno: code) }
            return nil
        }
        guard status.kind == .directory else { throw .unusable(path: directory, errno: ENOTDIR) }
        try refuseOthers(status)
        if let code = Paths.problem(withWritingInto: directory) { throw .unusable(path: directory, errno: code) }
        return directory
    }

    /// The states of all existing locks.
    ///
    /// - Parameter holders: the kernel's list of locks.
    package func states(_ holders: LockHolders) -> [State] {
        OwnDirectory.names(in: directory).filter { $0.hasSuffix(".lock") }.compactMap {
            state(of: directory + "/" + $0, holders)
        }
    }

    private func state(of file: String, _ holders: LockHolders) -> State? {
        (try? OpenFile(reading: file, followsLink: false)).flatMap { state(of: $0, holders) }
    }

    func state(of open: OpenFile, _ holders: LockHolders) -> State? {
        guard let status = try? open.status() else { return nil }
        let activity: Activity =
            switch Mark(open) {
            case .personIsAsked: .asking
            case .refreshing: .refreshing
            case .answerLost: .answerLost
            case .failed, nil: .unknown
            }
        let holder = holders.holder(device: status.device, inode: status.inode)
        return State(holder: holder, activity: activity, since: status.changed.first ?? 0)
    }
}
