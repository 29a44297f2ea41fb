import Files
import Glibc

extension AccountLock {
    /// One lock in the directory, examined without taking it.
    package struct State: Sendable, Equatable {
        /// The process that holds the lock, if the system shows it.
        package var holder: Int32?
        package var activity: Activity
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
        guard let open = try? OpenFile(reading: file, followsLink: false), let status = try? open.status() else {
            return nil
        }
        let activity: Activity =
            switch Mark(open) {
            case .personIsAsked: .asking
            case .refreshing: .refreshing
            case .answerLost: .answerLost
            case .personDeclined, .failed, nil: .unknown
            }
        let holder = holders.holder(device: status.device, inode: status.inode)
        return State(holder: holder, activity: activity)
    }
}
