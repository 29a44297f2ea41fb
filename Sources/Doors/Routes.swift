package import Addresses
package import CredentialProtocol
import Files
import KernelKeyring

/// The names of the kernel keys that map a question to the account that answers it.
package enum Routes {
    /// The name for this exact question; nil if it would be too long or ambiguous (``KeyNames``).
    package static func exact(_ request: CredentialRequest) -> String? { exact(request, stamp) }

    /// The name of the key that leads from this exact question to a stored password.
    package static func password(_ request: CredentialRequest) -> String? {
        exact(
            request, stamp, request.capabilities.contains(.authtype) ? .newestPassword : .password, hasBus: mayHaveBus)
    }

    /// Whether there may be a session bus, and on it a keyring with passwords. GLib finds a bus by these variables.
    package static var mayHaveBus: Bool {
        let variable = EnvironmentVariables.value(of:)
        if ["DBUS_SESSION_BUS_ADDRESS", "DISPLAY"].contains(where: { variable($0)?.isEmpty == false }) { return true }
        return variable("XDG_RUNTIME_DIR").map { Paths.exists($0 + "/bus") } ?? false
    }

    /// The name for every question about `service`, or a path below it, with the same user name.
    package static func below(_ service: ServiceURL, username: String?) -> String? {
        below(service, service.pathSegments.count, username, stamp)
    }

    /// Tries the names that lead to an account and returns the first result. The first name is that of the exact
    /// question. Then follow those of the services that contain it, the longest path first.
    package static func first<Found>(of request: CredentialRequest, _ find: (String) -> Found?) -> Found? {
        let stamp = stamp
        if let found = exact(request, stamp).flatMap(find) { return found }
        guard let service = request.url, service.pathSegments.count <= deepest else { return nil }
        // Only the whole origin contains a path that can be read in more than one way.
        for depth in (0...(service.isAmbiguous ? 0 : service.pathSegments.count)).reversed() {
            if let found = below(service, depth, request.username, stamp).flatMap(find) { return found }
        }
        return nil
    }

    private static func exact(
        _ request: CredentialRequest, _ stamp: UInt64, _ kind: KeyNames.RouteKind = .account, hasBus: Bool = false
    ) -> String? {
        KeyNames.route(
            protocol: request.protocolName, host: request.host, path: request.path, username: request.username,
            stamp: stamp, kind: kind, hasBus: hasBus)
    }

    private static func below(_ service: ServiceURL, _ depth: Int, _ username: String?, _ stamp: UInt64) -> String? {
        KeyNames.route(
            protocol: service.scheme, host: "\(service.host):\(service.port)",
            path: service.pathSegments.prefix(depth).joined(separator: "/"), username: username, stamp: stamp,
            isBelow: true)
    }

    private static var stamp: UInt64 {
        KeyNames.stamp(of: KeyNames.configurationFiles(variable: EnvironmentVariables.value(of:)))
    }

    /// The maximum number of path segments: each costs two system calls if no route exists.
    private static let deepest = 32
}
