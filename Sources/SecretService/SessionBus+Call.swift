import Bus
import CGIO
import CLibsecret

extension SessionBus {
    /// Connects, or returns the existing connection of this process.
    static func connect(_ call: Call) throws(CallFailure) -> Owned {
        let connection: OpaquePointer?
        do {
            unsafe connection = try unsafe connect { () throws(CallFailure) in
                unsafe try call.perform { unsafe g_bus_get_sync(G_BUS_TYPE_SESSION, $0, $1) }
            }
        } catch {
            if case .failed(let text) = error.reported { throw .final(.noBus(text)) }
            throw error
        }
        if let connection = unsafe connection { return unsafe Owned(connection) }
        throw .final(.noBus(hasAddress ? "no connection" : "DBUS_SESSION_BUS_ADDRESS is not set"))
    }
}
