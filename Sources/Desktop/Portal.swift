/// The way out of a sandbox (XDG Desktop Portal).
package enum Portal {
    private static let openURI = peer("org.freedesktop.portal.OpenURI")

    private static func peer(_ interface: String) -> DesktopBus.Peer {
        DesktopBus.Peer(
            name: "org.freedesktop.portal.Desktop", path: "/org/freedesktop/portal/desktop", interface: interface)
    }

    /// Whether there is a portal that opens addresses.
    package static var opensAddresses: Bool {
        let arguments = [BusValue(openURI.interface), BusValue("version")]
        return DesktopBus()?.call(peer("org.freedesktop.DBus.Properties"), "Get", arguments) != nil
    }

    /// Has the desktop open an address in the person's browser; whether it took that on.
    package static func open(_ address: String) -> Bool {
        guard let bus = DesktopBus() else { return false }
        let arguments = [BusValue(""), BusValue(address), BusValue(options: [:])]
        return bus.call(openURI, "OpenURI", arguments) != nil
    }
}
