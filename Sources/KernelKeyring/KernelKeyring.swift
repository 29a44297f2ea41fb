import CKernelKeyring
import Glibc
package import Secrets

/// The keyring `keyfob` in the user keyring: secrets in kernel memory, which the kernel forgets by itself.
///
/// Each entry is one key, of type `big_key` where the kernel has it and of type `user` where it has not. It can be read
/// by every process of the same user, as a file could be, also in a session whose keyring is not linked to the user
/// keyring (`keyctl session - COMMAND`, system services); by nobody else.
///
/// Sources: keyrings(7), user-keyring(7), add_key(2), keyctl(2).
package struct KernelKeyring: Sendable {
    /// The serial number of the keyring `keyfob`.
    private let serial: keyfob_key

    /// The keyring, if this user has one already: for the reader who must not leave anything behind.
    ///
    /// - Parameter description: another keyring than the person's own, for tests.
    package static func existing(named description: String = "keyfob") -> KernelKeyring? {
        let found = unsafe keyfob_search(Key.userKeyring, "keyring", description)
        return found > 0 && Key(serial: found).isOurs ? KernelKeyring(serial: found) : nil
    }

    /// The keyring, created if this user has none.
    ///
    /// Adding a keyring where there is one of that name displaces the old one, with all that is in it. It is therefore
    /// made aside, in the thread keyring, and moved to its place only if the place is still free (`KEYCTL_MOVE_EXCL`):
    /// of many processes that find no keyring at the same time, all end up with the same one.
    package static func open(named description: String = "keyfob") throws(KernelKeyringError) -> KernelKeyring {
        if let existing = existing(named: description) { return existing }
        let created = unsafe keyfob_add_key("keyring", description, nil, 0, Key.threadKeyring)
        guard created > 0 else { throw KernelKeyringError(operation: "add_key", errno: errno) }
        defer { _ = keyfob_unlink(created, Key.threadKeyring) }
        try succeed("keyctl_setperm") { keyfob_set_permissions(created, Key.permissions) }
        try succeed("keyctl_move") {
            let moved = keyfob_move_into_new_place(created, Key.threadKeyring, Key.userKeyring)
            if moved == 0 || errno == EEXIST { return 0 }
            // Before Linux 5.3. What was written between a rival's link and ours is lost: a cache can bear that.
            return errno == EOPNOTSUPP ? keyfob_link(created, Key.userKeyring) : moved
        }
        guard let existing = existing(named: description) else {
            throw .failed(operation: "keyctl_search", errno: EACCES)
        }
        return existing
    }

    /// The secret kept under `name`; nil if there is none, or it expired, or it is not ours or not readable.
    ///
    /// Three or four system calls of under a microsecond each, and no allocation but the secret's.
    package func read(_ name: String) -> Secret? {
        guard Self.isKeepable(name) else { return nil }
        for type in KeyType.allCases {
            var unreadable: Key?
            while let key = find(name, type) {
                if key.isOurs, let payload = key.payload { return payload }
                // A key that a writer displaced after we found it is gone; what displaced it has another number.
                guard key.serial != unreadable?.serial else { return nil }
                unreadable = key
            }
        }
        return nil
    }

    /// Keeps `payload` under `name` for `seconds`, in place of what was kept there; a lifetime of 0 keeps nothing.
    ///
    /// The key is made aside with its timeout and permissions and then linked, which displaces the old key in one step:
    /// no reader sees a payload with another one's expiry.
    ///
    /// - Parameter name: any text of 1 to 4,095 bytes of UTF-8 without NUL; else `.failed` with EINVAL.
    /// - Parameter payload: 1 byte to 1 MiB, or 32,767 bytes where there is no `big_key`; else `.failed` with EINVAL.
    package func write(_ name: String, _ payload: Secret, lifetime seconds: UInt32) throws(KernelKeyringError) {
        guard Self.isKeepable(name) else { throw .failed(operation: "add_key", errno: EINVAL) }
        guard seconds > 0 else {
            remove(name)
            return
        }
        let (key, type) = try Key.aside(name, payload)
        defer { _ = keyfob_unlink(key.serial, Key.threadKeyring) }
        try Self.succeed("keyctl_set_timeout") { keyfob_set_timeout(key.serial, seconds) }
        try Self.succeed("keyctl_setperm") { keyfob_set_permissions(key.serial, Key.permissions) }
        try Self.succeed("keyctl_link") { keyfob_link(key.serial, serial) }
        // The other type's key of that name would be found first, or come back when ours is removed.
        for other in KeyType.allCases where other != type { unlink(name, other) }
    }

    /// Forgets what is kept under `name`; whether there was anything.
    @discardableResult
    package func remove(_ name: String) -> Bool {
        guard Self.isKeepable(name) else { return false }
        var removed = false
        for type in KeyType.allCases where unlink(name, type) { removed = true }
        return removed
    }

    /// Forgets the keyring with all that is in it; what another process keeps in it later is lost, too.
    package func discard() {
        _ = keyfob_unlink(serial, Key.userKeyring)
    }

    /// The names of all that is kept, has not expired and is ours.
    package func names() -> [String] {
        keys().compactMap { $0.isOurs ? $0.name : nil }
    }
}

extension KernelKeyring {
    /// The kernel takes descriptions of at most 4,095 bytes, up to a NUL.
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

    /// The keys in the keyring, which may grow between telling its size and reading it.
    private func keys() -> [Key] {
        let stride = MemoryLayout<keyfob_key>.stride
        var capacity = 64
        while true {
            var length = 0
            let serials = unsafe [keyfob_key](unsafeUninitializedCapacity: capacity) { buffer, count in
                length = unsafe keyfob_read(serial, buffer.baseAddress, capacity * stride)
                count = max(0, min(capacity, length / stride))
            }
            if length <= capacity * stride { return serials.map(Key.init) }
            capacity = length / stride + 16
        }
    }
}
