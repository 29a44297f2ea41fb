import Addresses
import CredentialProtocol
import Doctor
import Glibc
import KeyfobCore
import OAuth
import Processes
import Synchronization

/// The transports of this process, one for each set of trusted authorities. All can be closed at the end.
final class Transports: Sendable {
    private let open = Mutex<[String: AsyncHTTPTransport]>([:])
    private let network: Network
    private let tracer: Tracer
    private let clocks: ServerClocks?

    /// - Parameters:
    ///   - clocks: collects the times that servers send. If it is given, each server is asked only once and with a short
    ///     timeout, because the report must not wait for it.
    init(tracer: Tracer, clocks: ServerClocks? = nil) {
        network = Network(tracer: tracer)
        (self.tracer, self.clocks) = (tracer, clocks)
    }

    /// The transport that trusts the system's authorities and those in `file`.
    func transport(trusting file: String?) -> any HTTPTransport {
        let now: @Sendable () -> Int64 = { Int64(time(nil)) }
        let each = ReportingTransport(impatient(trusting: file), report: { [tracer] in tracer.note($0) })
        if let clocks { return ClockedTransport(each, clocks: clocks, now: now) }
        return PatientTransport(each, notBefore: .inKernelMemory(now: now), now: now)
    }

    /// The transport to the authorization server of `account`.
    func transport(for account: Account) -> any HTTPTransport {
        let transport = transport(trusting: account.certificateAuthorityFile)
        guard account.addresses != .anywhere else { return transport }
        return ReachingTransport(transport, reach: account.addresses)
    }

    /// The transport to a server whose configuration is gone. It is unknown whether the user named the server, so it
    /// must not be on this machine, unless `service` is.
    func transport(forgottenServerOf service: ServiceURL) -> any HTTPTransport {
        ReachingTransport(transport(trusting: nil), reach: .privateNetworks(of: Reach.Resource(service)))
    }

    /// The reach that a request to `server` needs, if `resource` named the server.
    func reach(neededFor server: EndpointURL, of resource: EndpointURL) async throws(OAuthError) -> Reach {
        try await impatient(trusting: nil).reach(neededFor: server, of: resource)
    }

    private func impatient(trusting file: String?) -> AsyncHTTPTransport {
        open.withLock { open in
            if let known = open[file ?? ""] { return known }
            let made = AsyncHTTPTransport(
                settings: { [network] url throws(OAuthError) in
                    var settings = try network.settings(for: url)
                    settings.extraAuthorities = file
                    return settings
                }, deadline: clocks == nil ? .seconds(30) : .seconds(4),
                isEnding: { HeldSignals.isCaught })
            open[file ?? ""] = made
            return made
        }
    }

    /// Closes all transports. No request is sent afterwards.
    func shutdown() async {
        let all = open.withLock { open in
            defer { open = [:] }
            return open.values
        }
        for transport in all { await transport.shutdown() }
    }
}
