import CKernelKeyring
import Glibc
import Secrets

/// The type of a key: what the kernel does with its payload (keyrings(7)).
enum KeyType: CaseIterable {
    /// Does not count against the user's quota; a large one is encrypted and may be swapped out. Not in every kernel.
    case bigKey

    /// Up to 32,767 bytes of unswappable memory, counted against the quota.
    case user

    /// The kernel's word for it.
    var characters: UnsafePointer<CChar> {
        let name: StaticString =
            switch self {
            case .bigKey: "big_key"
            case .user: "user"
            }
        return unsafe UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
    }
}

/// One key in the kernel, by its serial number.
struct Key {
    let serial: keyfob_key

    /// Possessor and user: view, read, write, search, link, set attribute; group and others: nothing
    /// (keyctl_setperm(3)). The kernel's default gives the user no reading without possession, and a process whose
    /// session keyring is not linked to the user keyring possesses none of our keys.
    static let permissions: UInt32 = 0x3f3f_0000

    static let threadKeyring = KEY_SPEC_THREAD_KEYRING
    static let userKeyring = KEY_SPEC_USER_KEYRING

    /// Makes a key in the thread keyring, where we possess it and so may set its timeout and permissions; of the first
    /// type that the kernel has.
    static func aside(
        _ name: String, _ payload: Secret
    ) throws(KernelKeyringError) -> (key: Key, type: KeyType) {
        for type in KeyType.allCases {
            let serial = unsafe payload.withBytes {
                unsafe keyfob_add_key(type.characters, name, $0.baseAddress, $0.count, threadKeyring)
            }
            if serial > 0 { return (Key(serial: serial), type) }
            // ENODEV: the kernel does not have the type.
            guard errno == ENODEV else { break }
        }
        throw KernelKeyringError(operation: "add_key", errno: errno)
    }

    /// The effective user owns the key: it is ours. A process can only link keys of others into a keyring that it may
    /// write, but what we hand out as a token is worth a look.
    var isOurs: Bool { keyfob_owner(serial) == Int64(geteuid()) }

    /// The payload, read at once if it is of the usual size, else in a second call; nil where the kernel refuses it.
    var payload: Secret? {
        var capacity = 4096
        while true {
            var length = 0
            let secret = unsafe Secret(
                capacity: capacity,
                filledBy: { buffer in
                    length = unsafe keyfob_read(serial, buffer.baseAddress, buffer.count)
                    return (0...capacity).contains(length) ? length : 0
                })
            if length < 0 { return nil }
            if length <= capacity { return secret }
            capacity = length
        }
    }

    /// The last field of "type;uid;gid;permissions;description"; a description may hold semicolons. Nil for a key that
    /// cannot be read: one that expired stays for some minutes, until the kernel collects it.
    var name: String? {
        guard keyfob_read(serial, nil, 0) >= 0 else { return nil }
        let capacity = Int(keyfob_description_buffer)
        let text = unsafe [CChar](unsafeUninitializedCapacity: capacity) { buffer, count in
            let length = unsafe keyfob_describe(serial, buffer.baseAddress, capacity)
            // The length counts the NUL at the end.
            count = (1...capacity).contains(length) ? length - 1 : 0
        }
        let separator = CChar(bitPattern: UInt8(ascii: ";"))
        let fields = text.split(separator: separator, maxSplits: 4, omittingEmptySubsequences: false)
        return fields.count == 5 ? String(validating: fields[4], as: UTF8.self) : nil
    }
}
