import CLibraries
import Files
import Glibc

/// The connection to the user's session bus, which all parts of this process share.
package enum SessionBus {
    /// Connects, or returns the existing connection of this process. Returns nil if there is no bus.
    ///
    /// - Parameter get: calls g_bus_get_sync, and returns its result.
    package static func connect<Failure: Error>(
        _ get: () throws(Failure) -> OpaquePointer?
    ) throws(Failure) -> OpaquePointer? {
        guard isPossible else { return nil }
        prepare()
        guard hasAddress, let connection = unsafe try get() else { return nil }
        // By default, GIO raises SIGTERM when the bus closes the connection.
        unsafe g_dbus_connection_set_exit_on_close(connection, 0)
        return unsafe connection
    }

    /// Whether the libraries for a bus are installed. If not, there is no connection, and none of their functions may be called.
    package static var isPossible: Bool { keyfob_has_libraries() != 0 }

    /// Prepares the environment and the logging before the first call.
    package static func prepare() { _ = prepared }

    /// Runs once, before the first call.
    private static let prepared: Void = {
        // libsecret waits forever for a backend with an unknown name, and its backend "file" writes secrets to a file.
        EnvironmentVariables.remove("SECRET_BACKEND")
        // With this variable, GIO prints the bus messages to standard output, which is reserved for the answer.
        EnvironmentVariables.remove("G_DBUS_DEBUG")
        // Standard error is the caller's terminal. GLib's warnings add nothing to keyfob's own errors.
        if isPossible { _ = unsafe g_log_set_default_handler({ _, _, _, _ in }, nil) }
        if !hasAddress, let path = socketInRuntimeDirectory {
            _ = EnvironmentVariables.set("DBUS_SESSION_BUS_ADDRESS", to: "unix:path=\(path)")
        }
    }()

    /// Whether GIO has an address to connect to. If there is an X11 display but no address, or a list of addresses with
    /// `autolaunch:`, GIO would start a new bus, which no keyring and no desktop ever joins.
    package static var hasAddress: Bool {
        guard let address = environment("DBUS_SESSION_BUS_ADDRESS") else { return false }
        return !address.contains("autolaunch:")
    }

    /// The socket of the user bus of systemd and dbus-user-session, if it exists and this user owns it. It is also
    /// found if the environment was lost (sudo, cron, some ssh sessions).
    private static var socketInRuntimeDirectory: String? {
        let uid = geteuid()
        let directories = [environment("XDG_RUNTIME_DIR"), "/run/user/\(uid)"].compactMap { $0 }
        return directories.map { $0 + "/bus" }.first { path in
            guard let status = try? FileStatus(of: path) else { return false }
            return status.kind == .socket && status.isOurs && isPlain(path)
        }
    }

    /// Whether the path can be used unescaped in a D-Bus address, in which all other bytes are escaped (D-Bus
    /// specification, "Server Addresses").
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

    /// The variable's value; nil if it is unset or empty.
    private static func environment(_ name: String) -> String? {
        EnvironmentVariables.value(of: name).flatMap { $0.isEmpty ? nil : $0 }
    }
}
