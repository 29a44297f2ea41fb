import Bus

/// The interface from a sandbox to the desktop (XDG Desktop Portal).
package enum Portal {
    private static let openURI = peer("org.freedesktop.portal.OpenURI")

    private static func peer(_ interface: String) -> DesktopBus.Peer {
        DesktopBus.Peer(
            name: "org.freedesktop.portal.Desktop", path: "/org/freedesktop/portal/desktop", interface: interface)
    }

    /// Whether there is a portal that opens URLs.
    package static var opensAddresses: Bool {
        let arguments = [Variant(openURI.interface), Variant("version")]
        return DesktopBus()?.call(peer("org.freedesktop.DBus.Properties"), "Get", arguments) != nil
    }

    /// Asks the desktop to open a URL in the user's browser. Returns whether the desktop accepted the request.
    ///
    /// - Parameter activation: a token that lets the browser come to the front
    ///   (``Notification/Answer/accepted(activation:)``).
    package static func open(_ address: String, activation: String?) -> Bool {
        guard let bus = DesktopBus() else { return false }
        let options = activation.map { ["activation_token": Variant($0)] } ?? [:]
        let arguments = [Variant(""), Variant(address), Variant(members: options)]
        return bus.call(openURI, "OpenURI", arguments) != nil
    }
}
