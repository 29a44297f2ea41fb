import Console
import CredentialProtocol
import Files
import Glibc
import KeyfobCore
import OAuth
import Secrets

/// Checks the way to the servers: the proxy, the certificate authorities, and whether the service answers.
extension Examiner {
    private var environment: [String: String] {
        (NetworkSettings.variables + GitNetworkSettings.variables)
            .reduce(into: [String: String]()) { $0[$1] = Environment.variable($1) }
    }

    private func gitNetwork() throws(ConfigurationError) -> GitNetworkSettings? {
        guard let somewhere else { return nil }
        return try GitConfigCommand(search: search, environment: Environment.environment)
            .network(for: somewhere, environment: environment)
    }

    func proxy() throws -> Finding {
        guard let somewhere, let git = try gitNetwork() else { return .ok("none") }
        var settings = NetworkSettings(environment: environment)
        git.apply(to: &settings)
        let variable = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"].first { environment[$0] != nil }
        let source = git.proxy != nil ? "git's http.proxy" : variable ?? "nobody"
        do {
            guard let address = try settings.proxyAddress(for: somewhere) else {
                let isExcepted = settings.proxy?.isEmpty == false
                return .ok(isExcepted ? "none for this host, though \(source) names one" : "none")
            }
            notes.note { $0.proxy = (address, source) }
            return .ok("\(address), by \(source)", ["proxy": .text(address), "source": .text(source)])
        } catch {
            return .failed(
                "the proxy in \(source) is not understood",
                mend: ["write it as http://HOST:PORT or socks5://HOST:PORT"], exitStatus: 75, ["source": .text(source)])
        }
    }

    func authorities() throws -> Finding {
        let git = try gitNetwork()
        let isGitsVariable = environment["GIT_SSL_CAINFO"] != nil
        let replaced =
            git?.authorities.map { ($0, isGitsVariable ? "GIT_SSL_CAINFO" : "git's http.sslCAInfo") }
            ?? NetworkSettings(environment: environment).authorities.map { ($0, "SSL_CERT_FILE") }
        let added = host?.certificateAuthorityFile.map { ($0, "ca_file") }
        for (file, source) in [replaced, added].compactMap({ $0 }) where !Paths.isReadable(file) {
            return .failed(
                "\(file) cannot be read, which \(source) names", mend: ["mend the path, or take it out"], exitStatus: 78
            )
        }
        if replaced == nil, !Self.systemAuthorities.contains(where: { Paths.isReadable($0) }) {
            return .warning("this system has no certificate authorities", mend: ["install ca-certificates"])
        }
        let first = replaced.map { "\($0.0) in place of the system's, by \($0.1)" } ?? "the system's"
        let summary = first + (added.map { ", and \($0.0), by ca_file" } ?? "")
        guard git?.believesAll != true else {
            return .warning(
                "git is told to believe every certificate (http.sslVerify); keyfob believes \(summary)",
                mend: ["name the authority of your network in http.sslCAInfo instead"])
        }
        return .ok(summary)
    }

    /// The files in which swift-nio-ssl looks for certificate authorities.
    private static let systemAuthorities = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]

    func address(of service: ServiceURL) async throws -> Finding {
        if notes.read({ $0.proxy }) != nil { return .ok("the proxy finds it") }
        let count = try await SystemNameResolution.addresses(of: service.host).count
        return .ok(count == 1 ? "its name leads to an address" : "its name leads to \(count) addresses")
    }

    func answer(of service: ServiceURL) async throws -> Finding {
        var request = HTTPRequest(get: try EndpointURL(service.description))
        request.repetition = .never
        let transport = composition.transports.transport(trusting: host?.certificateAuthorityFile)
        let way = service.scheme == "https" ? "it answers, and TLS vouches for it" : "it answers, on this machine"
        do {
            let status = try await transport.send(request).status
            let details: [String: Finding.Detail] = ["http_status": .number(Int64(status))]
            guard status >= 500 else { return .ok(way + " (HTTP \(status))", details) }
            return .warning(way + ", but with an error (HTTP \(status))", mend: ["try again later"], details)
        } catch OAuthError.tooLarge {
            return .ok(way)  // a large page for browsers
        } catch {
            return throughProxy(Finding(FailureReport(error)))
        }
    }

    /// The same finding with a hint that names the proxy, because the proxy may be the cause.
    func throughProxy(_ finding: Finding) -> Finding {
        guard let proxy = notes.read({ $0.proxy }) else { return finding }
        var finding = finding
        finding.mend.append("all goes through the proxy \(proxy.address), by \(proxy.source): is it there?")
        return finding
    }

    func clock() -> Finding {
        let skews = clocks.all
        guard let (server, skew) = skews.max(by: { $0.value.seconds.magnitude < $1.value.seconds.magnitude }) else {
            return .skipped(because: .service, "no server has told the time")
        }
        let details: [String: Finding.Detail] = ["skew_seconds": .number(skew.seconds), "server": .text(server)]
        let distance = Messages.span(Int64(clamping: skew.seconds.magnitude))
        let summary = "\(distance) \(skew.seconds > 0 ? "ahead of" : "behind") \(server)"
        let mend = ["set the clock of this machine: timedatectl set-ntp true; or the server's is wrong"]
        return switch skew.verdict {
        case .close: .ok("right, to within \(ClockSkew.worthAWord) seconds", details)
        case .off: .warning(summary, mend: mend, details)
        case .wrong: .failed(summary, mend: mend, exitStatus: 75, details)
        }
    }
}
