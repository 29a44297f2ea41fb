package import Addresses

/// How near to this machine the server of a request may be.
package enum Reach: Sendable, Hashable {
    /// Any server: the user has configured the URL.
    case anywhere
    /// Not nearer than this resource, because the URL comes from a document that the resource named. A resource on
    /// loopback may name any server; one in a private network any but loopback; any other only servers on the Internet.
    case asPublicAs(Resource)
    /// Also in a private network, even if the resource is public, because the user has agreed to such a server. On
    /// loopback only if the resource is on loopback too.
    case privateNetworks(of: Resource)

    /// The origin of a resource. It need not be an endpoint: its host may be one to which keyfob sends nothing. Every
    /// service has an origin, so a rule applies to every service.
    package struct Resource: Sendable, Hashable {
        /// As in ``EndpointURL/origin``.
        let origin: String
        /// In lower case. An IPv6 address is in brackets.
        let host: String
        /// Whether the host is `localhost`, in 127.0.0.0/8, or ::1.
        let isLoopback: Bool

        package init(_ url: EndpointURL) {
            (origin, host, isLoopback) = (url.origin, url.host, url.isLoopback)
        }

        /// - Parameters:
        ///   - origin: scheme and host, and the port unless it is the scheme's default.
        ///   - host: in lower case; an IPv6 address in brackets.
        package init(origin: String, host: String, isLoopback: Bool) {
            (self.origin, self.host, self.isLoopback) = (origin, host, isLoopback)
        }
    }

    /// ``asPublicAs(_:)`` for a resource that is an endpoint.
    package static func asPublicAs(_ url: EndpointURL) -> Reach { .asPublicAs(Resource(url)) }

    /// ``privateNetworks(of:)`` for a resource that is an endpoint.
    package static func privateNetworks(of url: EndpointURL) -> Reach { .privateNetworks(of: Resource(url)) }

    /// Returns the addresses to connect to for `url`, as text, the best first; empty if any address will do.
    ///
    /// Every address of the host is checked, because the next request may use another one. The connection then uses one
    /// of the checked addresses, because the next lookup of the name may return others.
    ///
    /// - Throws: `addressTooNear`; `unreachable` if the name is not found; errors of `resolution`.
    func addresses(for url: EndpointURL, by resolution: NameResolution) async throws(OAuthError) -> [String] {
        guard let resource, url.origin != resource.origin else { return [] }
        let addresses = try await resolution(url.host)
        if addresses.isEmpty { throw .unreachable(host: url.host, reason: OAuthError.nameNotFound) }
        try Self.check(addresses, of: url, not: try await nearest(resource, resolution), resource)
        return addresses.map(Self.text)
    }

    /// The same check if a proxy chooses the address. Only a host that is itself an address, or a loopback name (RFC
    /// 6761 section 6.3), can be checked here.
    ///
    /// - Throws: `addressTooNear`.
    func checkBeforeProxy(_ url: EndpointURL, by resolution: NameResolution) async throws(OAuthError) {
        guard let resource, url.origin != resource.origin, let address = HostName.address(url.host) else { return }
        // If only the proxy can resolve the resource's name, the resource counts as the farthest range.
        let nearest = (try? await nearest(resource, resolution)) ?? .everywhere
        try Self.check([address], of: url, not: nearest, resource)
    }

    /// The resource that is the reference for the range.
    private var resource: Resource? {
        switch self {
        case .anywhere: nil
        case .asPublicAs(let resource), .privateNetworks(let resource): resource
        }
    }

    /// The nearest range that the server may be in. A resolver cannot make a resource a loopback resource.
    private func nearest(_ resource: Resource, _ resolution: NameResolution) async throws(OAuthError) -> AddressRange {
        if resource.isLoopback { return .loopback }
        if case .privateNetworks = self { return .nearby }
        let ranges = try await resolution(resource.host).compactMap { AddressRange($0) }
        return max(.nearby, ranges.max() ?? .everywhere)
    }

    private static func check(
        _ addresses: [[UInt8]], of url: EndpointURL, not nearest: AddressRange, _ resource: Resource
    ) throws(OAuthError) {
        for address in addresses {
            guard let range = AddressRange(address), range >= nearest else {
                throw .addressTooNear(host: url.host, resource: resource.host)
            }
        }
    }

    private static func text(_ address: [UInt8]) -> String {
        if address.count == 4 { return address.map { String($0) }.joined(separator: ".") }
        let groups = stride(from: 0, to: address.count, by: 2).map {
            UInt16(address[$0]) << 8 | UInt16(address[$0 + 1])
        }
        return groups.map { String($0, radix: 16) }.joined(separator: ":")
    }
}

/// Sends requests for a resource that the user has not configured: no server may be nearer to this machine than `reach`
/// allows.
package struct ReachingTransport: HTTPTransport {
    private let transport: any HTTPTransport
    private let reach: Reach

    package init(_ transport: any HTTPTransport, reach: Reach) {
        (self.transport, self.reach) = (transport, reach)
    }

    /// - Throws: also `addressTooNear`.
    package func send(_ request: HTTPRequest) async throws(OAuthError) -> HTTPResponse {
        var request = request
        request.reach = reach
        return try await transport.send(request)
    }
}
