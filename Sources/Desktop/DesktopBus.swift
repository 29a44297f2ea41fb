import CGIO
import Glibc

/// Calls to programs on the session bus of the user's desktop. No call waits long. A missing desktop is not an error:
/// the calls then return nil.
@safe
struct DesktopBus {
    /// A GDBusConnection, which all users of the bus in this process share until the process ends.
    let connection: OpaquePointer

    /// Connects, or uses the existing connection of this process. Returns nil if there is no bus.
    init?() {
        // If there is an X11 display but no address, or a list of addresses with `autolaunch:`, GIO would start a new
        // bus. No other program ever joins it.
        guard let address = unsafe getenv("DBUS_SESSION_BUS_ADDRESS").map({ unsafe String(cString: $0) }),
            !address.isEmpty, !address.contains("autolaunch:"),
            let connection = unsafe g_bus_get_sync(G_BUS_TYPE_SESSION, nil, nil)
        else { return nil }
        // By default, GIO raises SIGTERM when the bus closes the connection.
        unsafe g_dbus_connection_set_exit_on_close(connection, 0)
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
        _ peer: Peer, _ method: String, _ arguments: [BusValue], patience: CInt = 5_000
    ) -> BusValue? {
        let arguments = BusValue(tuple: arguments)
        return unsafe g_dbus_connection_call_sync(
            connection, peer.name, peer.path, peer.interface, method, arguments.pointer, nil, G_DBUS_CALL_FLAGS_NONE,
            patience, nil, nil
        ).map { unsafe BusValue($0) }
    }

    /// The bus itself (D-Bus specification, "Message Bus Messages").
    static let itself = Peer(
        name: "org.freedesktop.DBus", path: "/org/freedesktop/DBus", interface: "org.freedesktop.DBus")

    /// Returns the unique name of the program that owns `name`; nil if no program does. Messages from this unique name
    /// are certain to come from that program.
    func owner(of name: String) -> String? {
        call(Self.itself, "GetNameOwner", [BusValue(name)])?[0]?.text
    }
}

/// A D-Bus value.
@safe
final class BusValue {
    fileprivate let pointer: OpaquePointer

    /// Takes ownership of the reference that `pointer` carries, even if it is floating.
    init(_ pointer: OpaquePointer) { unsafe self.pointer = g_variant_take_ref(pointer) }

    deinit { unsafe g_variant_unref(pointer) }

    /// A member of a tuple or a list; nil if the index is too large.
    subscript(index: Int) -> BusValue? {
        guard unsafe g_variant_is_container(pointer) != 0, unsafe index < g_variant_n_children(pointer) else {
            return nil
        }
        return unsafe BusValue(g_variant_get_child_value(pointer, gsize(index)))
    }

    /// Nil unless it is of the type `s`.
    var text: String? { signature == "s" ? unsafe String(cString: g_variant_get_string(pointer, nil)) : nil }

    /// Nil unless it is of the type `u`.
    var number: UInt32? { signature == "u" ? unsafe g_variant_get_uint32(pointer) : nil }

    /// Nil unless it is of the type `as`.
    var texts: [String]? {
        guard signature == "as" else { return nil }
        return (0..<(unsafe Int(g_variant_n_children(pointer)))).compactMap { self[$0]?.text }
    }

    private var signature: String { unsafe String(cString: g_variant_get_type_string(pointer)) }
}

extension BusValue {
    /// Of the type `s`.
    convenience init(_ text: String) { unsafe self.init(g_variant_new_string(text)) }

    /// Of the type `y`.
    convenience init(byte: UInt8) { unsafe self.init(g_variant_new_byte(byte)) }

    /// Of the type `u`.
    convenience init(_ number: UInt32) { unsafe self.init(g_variant_new_uint32(number)) }

    /// Of the type `i`.
    convenience init(_ number: Int32) { unsafe self.init(g_variant_new_int32(number)) }

    /// The arguments of a call.
    convenience init(tuple members: [BusValue]) {
        var pointers: [OpaquePointer?] = unsafe members.map { unsafe $0.pointer }
        unsafe self.init(g_variant_new_tuple(&pointers, gsize(members.count)))
    }

    /// Of the type `as`.
    convenience init(_ texts: [String]) {
        unsafe self.init(listOf: "s", texts.map { unsafe g_variant_new_string($0) })
    }

    /// Of the type `a{sv}`.
    convenience init(options: [String: BusValue]) {
        let entries: [OpaquePointer?] = unsafe options.map { key, value in
            unsafe g_variant_new_dict_entry(g_variant_new_string(key), g_variant_new_variant(value.pointer))
        }
        unsafe self.init(listOf: "{sv}", entries)
    }

    private convenience init(listOf signature: String, _ members: [OpaquePointer?]) {
        let type = unsafe g_variant_type_new(signature)
        defer { unsafe g_variant_type_free(type) }
        var members = unsafe members
        unsafe self.init(g_variant_new_array(type, &members, gsize(members.count)))
    }
}
