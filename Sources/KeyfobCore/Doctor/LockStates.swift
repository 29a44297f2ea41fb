import Glibc

extension AccountLock {
    /// One lock in the directory, examined without taking it.
    package struct State: Sendable, Equatable {
        /// The process that holds the lock, if the system shows it.
        package var holder: Int32?
        package var activity: Activity
    }

    /// The activity of the current or the last holder, as it noted it in the lock file.
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
        var status = stat()
        guard unsafe lstat(directory, &status) == 0 else {
            guard errno == ENOENT else { throw .unusable(path: directory, errno: errno) }
            let parent = OwnDirectory.parent(of: directory)
            if let owner = OwnDirectory.foreignOwner(of: parent) { throw .foreign(path: parent, owner: owner) }
            guard unsafe access(parent, W_OK | X_OK) == 0 else { throw .unusable(path: directory, errno: errno) }
            return nil
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw .unusable(path: directory, errno: ENOTDIR) }
        try refuseOthers(status)
        guard unsafe access(directory, W_OK | X_OK) == 0 else { throw .unusable(path: directory, errno: errno) }
        return directory
    }

    /// The states of all existing locks.
    ///
    /// - Parameter holders: the kernel's list of locks.
    package func states(_ holders: LockHolders) -> [State] {
        names.filter { $0.hasSuffix(".lock") }.compactMap { state(of: directory + "/" + $0, holders) }
    }

    /// The names of all entries of the directory. FoundationEssentials' FileManager would be linked for this one use.
    private var names: [String] {
        guard let entries = unsafe opendir(directory) else { return [] }
        defer { unsafe closedir(entries) }
        var names: [String] = []
        while let entry = unsafe readdir(entries) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            names.append(name)
        }
        return names
    }

    private func state(of file: String, _ holders: LockHolders) -> State? {
        let descriptor = unsafe open(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return nil }
        var byte: UInt8 = 0
        let mark = unsafe pread(descriptor, &byte, 1, 0) == 1 ? Mark(rawValue: byte) : nil
        let activity: Activity =
            switch mark {
            case .personIsAsked: .asking
            case .refreshing: .refreshing
            case .answerLost: .answerLost
            case .personDeclined, nil: .unknown
            }
        let holder = holders.holder(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        return State(holder: holder, activity: activity)
    }
}
