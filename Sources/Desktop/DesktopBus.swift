import Bus
import CLibraries

/// Calls to programs on the session bus of the user's desktop. No call waits long. A missing desktop is not an error:
/// the calls then return nil.
@safe
struct DesktopBus {
    /// A GDBusConnection, which all users of the bus in this process share until the process ends.
    let connection: OpaquePointer

    /// Connects, or uses the existing connection of this process. Returns nil if there is no bus.
    init?() {
        let connection = unsafe SessionBus.connect { unsafe g_bus_get_sync(G_BUS_TYPE_SESSION, nil, nil) }
        guard let connection = unsafe connection else { return nil }
        unsafe self.connection = connection
    }

    /// A program on the bus, with one of its objects.
    struct Peer {
        var name: String
        var path: String
        var interface: String
    }

    /// Calls a method.
    ///
    /// - Parameters:
    ///   - arguments: the arguments of the method.
    ///   - patience: the timeout in milliseconds. A program that the bus has to start for the call takes longer.
    /// - Returns: the reply; nil if there is no reply or if the reply is an error.
    func call(
        _ peer: Peer, _ method: String, _ arguments: [Variant], patience: CInt = 5_000
    ) -> Variant? {
        let arguments = Variant(tuple: arguments)
        return unsafe g_dbus_connection_call_sync(
            connection, peer.name, peer.path, peer.interface, method, arguments.pointer, nil, G_DBUS_CALL_FLAGS_NONE,
            patience, nil, nil
        ).map { unsafe Variant($0) }
    }

    /// The bus itself (D-Bus specification, "Message Bus Messages").
    static let itself = Peer(
        name: "org.freedesktop.DBus", path: "/org/freedesktop/DBus", interface: "org.freedesktop.DBus")

    /// Returns the unique name of the program that owns `name`; nil if no program does. Messages from this unique name
    /// are certain to come from that program.
    func owner(of name: String) -> String? {
        call(Self.itself, "GetNameOwner", [Variant(name)])?[0]?.text
    }
}
