import CKernelKeyring
import Glibc
import Secrets

/// The type of a key, which decides how the kernel stores its payload (keyrings(7)).
enum KeyType: CaseIterable {
    /// Does not count against the user's quota. A large payload is encrypted and may be swapped out. Not every kernel
    /// has this type.
    case bigKey

    /// Up to 32,767 bytes of memory that is never swapped out; counts against the quota.
    case user

    /// The kernel's name for the type.
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

    /// Possessor and user may view, read, write, search, link and set attributes; group and others may do nothing
    /// (keyctl_setperm(3)). By default, the kernel lets the user read a key only with possession. A process whose
    /// session keyring is not linked to the user keyring possesses none of these keys.
    static let permissions: UInt32 = 0x3f3f_0000

    static let threadKeyring = KEY_SPEC_THREAD_KEYRING
    static let userKeyring = KEY_SPEC_USER_KEYRING

    /// Creates a key of the first type that the kernel supports. It is created in the thread keyring: there this
    /// process possesses it, and so may set its timeout and permissions.
    static func aside(
        _ name: String, _ payload: Secret
    ) throws(KernelKeyringError) -> (key: Key, type: KeyType) {
        for type in KeyType.allCases {
            let serial = unsafe payload.withBytes {
                unsafe keyfob_add_key(type.characters, name, $0.baseAddress, $0.count, threadKeyring)
            }
            if serial > 0 { return (Key(serial: serial), type) }
            // ENODEV: the kernel does not support the type.
            guard errno == ENODEV else { break }
        }
        throw KernelKeyringError(operation: "add_key", errno: errno)
    }

    /// Whether the effective user owns the key. Keys of other users can enter a keyring only through a process that may
    /// write to it. Still, keyfob uses the value as a token, so the check is worth its cost.
    var isOurs: Bool { keyfob_owner(serial) == Int64(geteuid()) }

    /// Whether an error means that there is no such key any more.
    static func meansAbsence(_ code: CInt) -> Bool { [ENOKEY, EKEYEXPIRED, EKEYREVOKED].contains(code) }

    /// The payload; nil if the kernel refuses to return it.
    var payload: Secret? { try? value() }

    /// The payload. One call suffices for the usual size, larger ones need a second.
    ///
    /// - Throws: the kernel's error.
    func value() throws(KernelKeyringError) -> Secret {
        var capacity = 4096
        while true {
            var (length, problem) = (0, CInt(0))
            let secret = unsafe Secret(
                capacity: capacity,
                filledBy: { buffer in
                    length = unsafe keyfob_read(serial, buffer.baseAddress, buffer.count)
                    problem = length < 0 ? errno : 0
                    return (0...capacity).contains(length) ? length : 0
                })
            if length < 0 { throw KernelKeyringError(operation: "keyctl_read", errno: problem) }
            if length <= capacity { return secret }
            capacity = length
        }
    }

    /// The last field of "type;uid;gid;permissions;description"; a description may hold semicolons. Nil if the key
    /// cannot be read: an expired key stays for some minutes, until the kernel collects it.
    var name: String? {
        guard keyfob_read(serial, nil, 0) >= 0 else { return nil }
        let capacity = Int(keyfob_description_buffer)
        let text = unsafe [CChar](unsafeUninitializedCapacity: capacity) { buffer, count in
            let length = unsafe keyfob_describe(serial, buffer.baseAddress, capacity)
            // The length includes the NUL at the end.
            count = (1...capacity).contains(length) ? length - 1 : 0
        }
        let separator = CChar(bitPattern: UInt8(ascii: ";"))
        let fields = text.split(separator: separator, maxSplits: 4, omittingEmptySubsequences: false)
        return fields.count == 5 ? String(validating: fields[4], as: UTF8.self) : nil
    }
}
