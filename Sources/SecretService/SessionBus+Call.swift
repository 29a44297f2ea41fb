import Bus
import CLibraries

extension SessionBus {
    /// Connects, or returns the existing connection of this process.
    static func connect(_ call: Call) throws(CallFailure) -> Owned {
        let connection: OpaquePointer?
        var isAbsent = false
        do {
            unsafe connection = try unsafe connect { () throws(CallFailure) in
                unsafe try call.perform { cancellable, error in
                    let bus = unsafe g_bus_get_sync(G_BUS_TYPE_SESSION, cancellable, error)
                    isAbsent = unsafe UnsafeMutablePointer(error.pointee)?.isNoListener == true
                    return unsafe bus
                }
            }
        } catch {
            switch error.reported {
            case .failed(let text) where isAbsent: throw .final(.noBus(text))
            // A bus is there: the keyring behind it may have what nobody else has.
            case .failed(let text), .noBus(let text): throw .final(.busRefused(text))
            default: throw error
            }
        }
        if let connection = unsafe connection { return unsafe Owned(connection) }
        throw .final(.noBus(hasAddress ? "no connection" : "DBUS_SESSION_BUS_ADDRESS is not set"))
    }
}
