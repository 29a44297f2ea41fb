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
    ///
    /// - Parameter activation: what lets the browser come to the front (``Notification/Answer/accepted(activation:)``).
    package static func open(_ address: String, activation: String?) -> Bool {
        guard let bus = DesktopBus() else { return false }
        let options = activation.map { ["activation_token": BusValue($0)] } ?? [:]
        let arguments = [BusValue(""), BusValue(address), BusValue(options: options)]
        return bus.call(openURI, "OpenURI", arguments) != nil
    }
}
