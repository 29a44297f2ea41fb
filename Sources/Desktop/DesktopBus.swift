import CGIO
import Glibc

/// What the person's desktop does for us: calls to programs on the session bus. None of them waits long, and none of them
/// is a failure where there is no desktop: then there is no answer.
@safe
struct DesktopBus {
    /// A GDBusConnection, which this process shares with all that speak on its bus, to the end of the process.
    let connection: OpaquePointer

    /// Connects, or takes the connection that this process has already; nil where there is no bus.
    init?() {
        // Without an address, or with `autolaunch:` among several, GIO would start a bus of its own where there is an X11
        // display, and nobody would ever be on it.
        guard let address = unsafe getenv("DBUS_SESSION_BUS_ADDRESS").map({ unsafe String(cString: $0) }),
            !address.isEmpty, !address.contains("autolaunch:"),
            let connection = unsafe g_bus_get_sync(G_BUS_TYPE_SESSION, nil, nil)
        else { return nil }
        // GIO's default is to raise SIGTERM when the bus goes away.
        unsafe g_dbus_connection_set_exit_on_close(connection, 0)
        unsafe self.connection = connection
    }

    /// A program on the bus, and one of its objects.
    struct Peer {
        var name: String
        var path: String
        var interface: String
    }

    /// Calls a method.
    ///
    /// - Parameters:
    ///   - arguments: what it takes.
    ///   - patience: in milliseconds; a program that the bus starts for the call takes its time.
    /// - Returns: nil where nobody answered, or with an error.
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

    /// The unique name of whoever owns `name`, by which what they send is known to be theirs; nil where nobody does.
    func owner(of name: String) -> String? {
        call(Self.itself, "GetNameOwner", [BusValue(name)])?[0]?.text
    }
}

/// A value as D-Bus carries it.
@safe
final class BusValue {
    fileprivate let pointer: OpaquePointer

    /// Takes over the reference that `pointer` carries, a floating one too.
    init(_ pointer: OpaquePointer) { unsafe self.pointer = g_variant_take_ref(pointer) }

    deinit { unsafe g_variant_unref(pointer) }

    /// A member of a tuple or a list; nil where there are fewer.
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
