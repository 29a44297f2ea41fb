import CLibsecret
import Glibc

/// The way to the person's session bus.
enum SessionBus {
    /// Connects, or takes the connection that this process has already.
    static func connect(_ call: Call) throws(CallFailure) -> Owned {
        prepare()
        guard hasAddress else { throw .final(.noBus("DBUS_SESSION_BUS_ADDRESS is not set")) }
        let connection: OpaquePointer?
        do {
            unsafe connection = try call.perform { unsafe g_bus_get_sync(G_BUS_TYPE_SESSION, $0, $1) }
        } catch {
            if case .failed(let text) = error.reported { throw .final(.noBus(text)) }
            throw error
        }
        guard let connection = unsafe connection else { throw .final(.noBus("no connection")) }
        // GIO's default is to raise SIGTERM when the bus goes away.
        unsafe g_dbus_connection_set_exit_on_close(connection, 0)
        return unsafe Owned(connection)
    }

    /// Settles what must be before the first call.
    static func prepare() { _ = prepared }

    /// What must be settled before the first call, once.
    private static let prepared: Void = {
        // libsecret waits for ever for a backend whose name it does not know, and its "file" is not what we promise.
        unsafe unsetenv("SECRET_BACKEND")
        // GIO prints what goes over the bus on standard output, which belongs to the answer.
        unsafe unsetenv("G_DBUS_DEBUG")
        // Standard error is the caller's terminal. GLib's warnings say nothing that our errors do not say better.
        _ = unsafe g_log_set_default_handler({ _, _, _, _ in }, nil)
        if !hasAddress, let path = socketInRuntimeDirectory {
            unsafe setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=\(path)", 1)
        }
    }()

    /// Whether GIO has an address to connect to. Without one, or with `autolaunch:` among several, it would start a bus of its own
    /// where there is an X11 display, which no keyring will ever come to.
    private static var hasAddress: Bool {
        guard let address = environment("DBUS_SESSION_BUS_ADDRESS") else { return false }
        return !address.contains("autolaunch:")
    }

    /// The socket that systemd's and dbus-user-session's user bus listens on, if it is there and ours: also where the
    /// environment was lost on the way (sudo, cron, some ssh sessions).
    private static var socketInRuntimeDirectory: String? {
        let uid = geteuid()
        let directories = [environment("XDG_RUNTIME_DIR"), "/run/user/\(uid)"].compactMap { $0 }
        return directories.map { $0 + "/bus" }.first { path in
            var status = stat()
            guard unsafe stat(path, &status) == 0 else { return false }
            return status.st_mode & S_IFMT == S_IFSOCK && status.st_uid == uid && isPlain(path)
        }
    }

    /// Whether the path means itself in a D-Bus address, which escapes all other bytes (D-Bus specification, "Server
    /// Addresses").
    private static func isPlain(_ path: String) -> Bool {
        path.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "*"): true
            default: false
            }
        }
    }

    /// The variable's value, unless it is unset or empty.
    private static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name), unsafe value.pointee != 0 else { return nil }
        return unsafe String(cString: value)
    }
}
