import CKernelKeyring
import Files
import Glibc
package import Secrets
import Synchronization

/// A keyring of keyfob in kernel memory: the keyring `keyfob` in the user keyring, unless a caller names another one. The
/// kernel deletes each entry when it expires.
///
/// Each entry is one key, of type `big_key` if the kernel supports it, otherwise of type `user`. Every process of the
/// same user can read it, like a file. That includes sessions whose keyring is not linked to the user keyring (system
/// services, `keyctl session - COMMAND`). Other users cannot read it.
///
/// Sources: keyrings(7), user-keyring(7), add_key(2), keyctl(2).
package struct KernelKeyring: Sendable {
    /// The serial number of the keyring `keyfob`.
    private let serial: keyfob_key
    /// The serial number of the keyring in which it is.
    private let parent: keyfob_key

    /// The keyring of the user in which a keyring of keyfob is.
    package enum Parent: Sendable {
        /// The user keyring. It ends at a restart, and before Linux 5.3 with the last process of the user.
        case user
        /// The persistent keyring (persistent-keyring(7)). It outlives the user's processes. The kernel deletes it three
        /// days after its last use, and at a restart. Each call here counts as a use.
        case persistent

        /// The serial number; nil if this kernel has no such keyring, or does not let this process use it.
        func serial() throws(KernelKeyringError) -> keyfob_key? {
            switch self {
            case .user: return Key.userKeyring
            case .persistent:
                // The link lets this thread search the keyring and write to it.
                let found = keyfob_get_persistent(geteuid(), Key.threadKeyring)
                if found > 0 { return found }
                if [ENOSYS, EOPNOTSUPP, EPERM, EACCES].contains(errno) { return nil }
                throw KernelKeyringError(operation: "keyctl_get_persistent", errno: errno)
            }
        }
    }

    /// The lifetime of a persistent keyring in seconds after its last use (persistent-keyring(7)).
    package static var persistentLifetime: Int {
        let text = SystemFile.text("/proc/sys/kernel/keys/persistent_keyring_expiry")
        return text.flatMap { Int($0.filter { !$0.isWhitespace }) } ?? 259_200
    }

    /// Returns the keyring if this user has one; creates nothing.
    ///
    /// - Parameters:
    ///   - description: the name of the keyring; tests use another one than the user's own.
    ///   - parent: the keyring in which it is.
    package static func existing(named description: String = "keyfob", in parent: Parent = .user) -> KernelKeyring? {
        try? found(named: description, in: parent)
    }

    /// The same for callers to whom a keyring that cannot be read is not an empty one.
    ///
    /// - Throws: `KernelKeyringError` if the kernel does not let this process look: in many containers, and with
    ///   `.quotaExceeded` in a thread that has no keyring yet, which a search of the persistent keyring needs.
    package static func found(
        named description: String, in parent: Parent
    ) throws(KernelKeyringError) -> KernelKeyring? {
        let place: keyfob_key
        do throws(KernelKeyringError) {
            guard let serial = try parent.serial() else { return nil }
            place = serial
        } catch {
            // Another thread of this process may have found it. To use it needs nothing new.
            if error == .quotaExceeded, let known = inPersistent.withLock({ $0[description] }) { return known }
            throw error
        }
        let found = unsafe keyfob_search(place, "keyring", description)
        guard found > 0 else {
            if Key.meansAbsence(errno) { return nil }
            throw KernelKeyringError(operation: "keyctl_search", errno: errno)
        }
        guard Key(serial: found).isOurs else { return nil }
        let keyring = KernelKeyring(serial: found, parent: place)
        if parent == .persistent { inPersistent.withLock { $0[description] = keyring } }
        return keyring
    }

    /// The keyrings in the persistent keyring that this process has found, by name.
    private static let inPersistent = Mutex<[String: KernelKeyring]>([:])

    /// Returns the keyring, and creates it if this user has none.
    ///
    /// Adding a keyring replaces an existing one of the same name and loses its content. So the new keyring is created
    /// in the thread keyring, and moved only if no keyring has that name (`KEYCTL_MOVE_EXCL`). If many processes find
    /// no keyring at the same time, all of them end up with the same one.
    ///
    /// - Throws: `KernelKeyringError` if the kernel refuses; `.unavailable` if it has no such parent.
    package static func open(
        named description: String = "keyfob", in parent: Parent = .user
    ) throws(KernelKeyringError) -> KernelKeyring {
        if let existing = existing(named: description, in: parent) { return existing }
        guard let place = try parent.serial() else { throw .unavailable(errno: errno) }
        let created = unsafe keyfob_add_key("keyring", description, nil, 0, Key.threadKeyring)
        guard created > 0 else { throw KernelKeyringError(operation: "add_key", errno: errno) }
        defer { _ = keyfob_unlink(created, Key.threadKeyring) }
        try succeed("keyctl_setperm") { keyfob_set_permissions(created, Key.permissions) }
        try succeed("keyctl_move") {
            let moved = keyfob_move_into_new_place(created, Key.threadKeyring, place)
            if moved == 0 || errno == EEXIST { return 0 }
            // Before Linux 5.3. Entries written between another process's link and this one are lost, which is acceptable
            // for a cache.
            return errno == EOPNOTSUPP ? keyfob_link(created, place) : moved
        }
        guard let existing = existing(named: description, in: parent) else {
            throw .failed(operation: "keyctl_search", errno: EACCES)
        }
        return existing
    }

    /// Returns the secret stored under `name`. Returns nil if there is none, or if it has expired, has another owner or
    /// cannot be read.
    ///
    /// Takes three or four system calls of less than a microsecond each, and allocates only the secret.
    package func read(_ name: String) -> Secret? {
        guard Self.isKeepable(name) else { return nil }
        for type in KeyType.allCases {
            var unreadable: Key?
            while let key = find(name, type) {
                if key.isOurs, let payload = key.payload { return payload }
                // A writer may have replaced the key since it was found; the new key then has another serial number.
                guard key.serial != unreadable?.serial else { return nil }
                unreadable = key
            }
        }
        return nil
    }

    /// Stores `payload` under `name` for `seconds` and replaces the old value. A lifetime of 0 deletes the old value.
    ///
    /// The key is created in the thread keyring with its timeout and permissions. Linking it then replaces the old key
    /// in one step: no reader sees a payload with the expiry of another one.
    ///
    /// - Parameters:
    ///   - name: any text of 1 to 4,095 bytes of UTF-8 without NUL.
    ///   - payload: 1 byte to 1 MiB, or to 32,767 bytes if the kernel has no `big_key`.
    ///   - seconds: the lifetime; nil for no expiry.
    /// - Throws: `.failed` with EINVAL for another name or payload; otherwise the kernel's error.
    package func write(_ name: String, _ payload: Secret, lifetime seconds: UInt32?) throws(KernelKeyringError) {
        guard Self.isKeepable(name) else { throw .failed(operation: "add_key", errno: EINVAL) }
        guard seconds != 0 else {
            remove(name)
            return
        }
        let (key, type) = try Key.aside(name, payload)
        defer { _ = keyfob_unlink(key.serial, Key.threadKeyring) }
        if let seconds { try Self.succeed("keyctl_set_timeout") { keyfob_set_timeout(key.serial, seconds) } }
        try Self.succeed("keyctl_setperm") { keyfob_set_permissions(key.serial, Key.permissions) }
        try Self.succeed("keyctl_link") { keyfob_link(key.serial, serial) }
        // A key of the other type would be found first, or would reappear when this one is removed.
        for other in KeyType.allCases where other != type { unlink(name, other) }
    }

    /// Makes sure that the entry `name` has at least `bytes` bytes, for ``adopt(_:_:from:)``. An entry that is large enough stays.
    ///
    /// - Parameter seconds: the lifetime from now.
    /// - Throws: as ``write(_:_:lifetime:)``.
    package func reserve(_ name: String, bytes: Int, lifetime seconds: UInt32) throws(KernelKeyringError) {
        let isThere = KeyType.allCases.contains { type in
            guard let key = find(name, type), key.isOurs, keyfob_read(key.serial, nil, 0) >= bytes else { return false }
            return keyfob_set_timeout(key.serial, seconds) == 0
        }
        if !isThere { try write(name, Secret([UInt8](repeating: 0, count: bytes)), lifetime: seconds) }
    }

    /// Stores `payload` under `name` in place of the old value, without an expiry, in the key that
    /// ``reserve(_:bytes:lifetime:)`` has made in another keyring. That needs no new key, and no more of the quota.
    ///
    /// - Returns: false if there is no such key, or if the kernel refuses. Then the old value is unchanged.
    package func adopt(_ name: String, _ payload: Secret, from other: KernelKeyring) -> Bool {
        for type in KeyType.allCases {
            guard let key = other.find(name, type), key.isOurs else { continue }
            defer { _ = keyfob_unlink(key.serial, other.serial) }
            let update = unsafe payload.withBytes { unsafe keyfob_update(key.serial, $0.baseAddress, $0.count) }
            guard update == 0, keyfob_set_timeout(key.serial, 0) == 0, keyfob_link(key.serial, serial) == 0
            else { return false }
            for old in KeyType.allCases where old != type { unlink(name, old) }
            return true
        }
        return false
    }

    /// Deletes the entry `name`. Returns whether there was one.
    @discardableResult
    package func remove(_ name: String) -> Bool {
        guard Self.isKeepable(name) else { return false }
        var removed = false
        for type in KeyType.allCases where unlink(name, type) { removed = true }
        return removed
    }

    /// Deletes the keyring and all its entries. Entries that another process writes to it later are lost too.
    package func discard() {
        _ = keyfob_unlink(serial, parent)
    }

    /// The values of all entries that have not expired and belong to this user.
    ///
    /// - Throws: `KernelKeyringError` if one of them may be there and cannot be read.
    package func values() throws(KernelKeyringError) -> [Secret] {
        var tries = 0
        while true {
            tries += 1
            var values: [Secret] = []
            var isChanging = false
            for key in try listed() {
                do throws(KernelKeyringError) {
                    if key.isOurs { values.append(try key.value()) }
                } catch {
                    guard case .failed(_, let code) = error, Key.meansAbsence(code) else { throw error }
                    // A writer has replaced it since it was listed.
                    if code == ENOKEY { isChanging = true }
                }
            }
            if !isChanging || tries == 10 { return values }
        }
    }

    /// The names of all entries that have not expired and belong to this user.
    package func names() -> [String] {
        keys().compactMap { $0.isOurs ? $0.name : nil }
    }
}

extension KernelKeyring {
    /// The kernel accepts descriptions of at most 4,095 bytes without NUL.
    private static func isKeepable(_ name: String) -> Bool {
        let utf8 = name.utf8
        return (1...Int(keyfob_longest_description)).contains(utf8.count) && !utf8.contains(0)
    }

    private static func succeed(_ operation: String, _ call: () -> Int32) throws(KernelKeyringError) {
        guard call() == 0 else { throw KernelKeyringError(operation: operation, errno: errno) }
    }

    private func find(_ name: String, _ type: KeyType) -> Key? {
        let found = unsafe keyfob_search(serial, type.characters, name)
        return found > 0 ? Key(serial: found) : nil
    }

    @discardableResult
    private func unlink(_ name: String, _ type: KeyType) -> Bool {
        guard let key = find(name, type) else { return false }
        return keyfob_unlink(key.serial, serial) == 0
    }

    private func keys() -> [Key] { (try? listed()) ?? [] }

    /// The keys in the keyring. It may grow between the call that returns its size and the call that reads it.
    private func listed() throws(KernelKeyringError) -> [Key] {
        let stride = MemoryLayout<keyfob_key>.stride
        var capacity = 64
        while true {
            var (length, problem) = (0, CInt(0))
            let serials = unsafe [keyfob_key](unsafeUninitializedCapacity: capacity) { buffer, count in
                length = unsafe keyfob_read(serial, buffer.baseAddress, capacity * stride)
                problem = length < 0 ? errno : 0
                count = max(0, min(capacity, length / stride))
            }
            if problem != 0 {
                if Key.meansAbsence(problem) { return [] }
                throw KernelKeyringError(operation: "keyctl_read", errno: problem)
            }
            if length <= capacity * stride { return serials.map(Key.init) }
            capacity = length / stride + 16
        }
    }
}
