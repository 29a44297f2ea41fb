import OAuth
import Synchronization

/// The transports of this process, one for each set of trusted authorities, so that they can all be closed at the end.
final class Transports: Sendable {
    private let open = Mutex<[String: AsyncHTTPTransport]>([:])

    /// The transport that trusts the system's authorities and those in `file`.
    func transport(trusting file: String?) -> AsyncHTTPTransport {
        open.withLock { open in
            if let known = open[file ?? ""] { return known }
            let environment = ["SSL_CERT_FILE", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"]
                .reduce(into: [String: String]()) { $0[$1] = Surroundings.variable($1) }
            let made = AsyncHTTPTransport(certificateAuthorityFile: file, environment: environment)
            open[file ?? ""] = made
            return made
        }
    }

    /// Closes them all; nothing is sent afterwards.
    func shutdown() async {
        let all = open.withLock { open in
            defer { open = [:] }
            return open.values
        }
        for transport in all { await transport.shutdown() }
    }
}
