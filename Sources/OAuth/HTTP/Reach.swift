/// How near to this machine the server may be that a request goes to.
package enum Reach: Sendable, Hashable {
    /// As near as it is: a person has written the address down.
    case anywhere
    /// Not nearer than this resource is: the address stands in a document that the resource has sent us to. A resource on
    /// loopback may name all, one in a private network all but loopback, any other only what the Internet reaches.
    case asPublicAs(Resource)
    /// Also in a private network, wherever the resource is: a person has said yes to a server there. Never on loopback,
    /// unless the resource itself is there.
    case privateNetworks(of: Resource)

    /// The origin of a resource, which need not be an endpoint: of any host, also of one to which keyfob itself sends nothing.
    /// Every service has one, so that no service can be without a rule.
    package struct Resource: Sendable, Hashable {
        /// As in ``EndpointURL/origin``.
        let origin: String
        /// In lower case; an IPv6 address stands in brackets.
        let host: String
        /// Whether the host is `localhost`, in 127.0.0.0/8, or ::1.
        let isLoopback: Bool

        package init(_ url: EndpointURL) {
            (origin, host, isLoopback) = (url.origin, url.host, url.isLoopback)
        }

        /// - Parameters:
        ///   - origin: scheme, host, and the port unless it is the scheme's own.
        ///   - host: in lower case; an IPv6 address in brackets.
        package init(origin: String, host: String, isLoopback: Bool) {
            (self.origin, self.host, self.isLoopback) = (origin, host, isLoopback)
        }
    }

    /// ``asPublicAs(_:)`` for a resource that is an endpoint.
    package static func asPublicAs(_ url: EndpointURL) -> Reach { .asPublicAs(Resource(url)) }

    /// ``privateNetworks(of:)`` for a resource that is an endpoint.
    package static func privateNetworks(of url: EndpointURL) -> Reach { .privateNetworks(of: Resource(url)) }

    /// The addresses to connect to for `url`, as text, the best first; none where any will do.
    ///
    /// Every address of the host is judged, for another may be taken the next time; and one of those that were judged is
    /// connected to, for a name may lead elsewhere the next time that it is looked up.
    ///
    /// Throws `addressTooNear`, or what `resolution` throws.
    func addresses(for url: EndpointURL, by resolution: NameResolution) async throws(OAuthError) -> [String] {
        guard let resource, url.origin != resource.origin else { return [] }
        let addresses = try await resolution(url.host)
        if addresses.isEmpty { throw .unreachable(host: url.host, reason: "its name was not found") }
        try Self.check(addresses, of: url, not: try await nearest(resource, resolution), resource)
        return addresses.map(Self.text)
    }

    /// The same where a proxy finds the address, from where it is: what can be judged here is a host that is an address
    /// itself, or a name of loopback (RFC 6761 section 6.3).
    ///
    /// Throws `addressTooNear`.
    func checkBeforeProxy(_ url: EndpointURL, by resolution: NameResolution) async throws(OAuthError) {
        guard let resource, url.origin != resource.origin, let address = HostName.address(url.host) else { return }
        // Where only the proxy knows the resource's own name, that is as far away as can be.
        let nearest = (try? await nearest(resource, resolution)) ?? .everywhere
        try Self.check([address], of: url, not: nearest, resource)
    }

    /// The resource to which things are near or far.
    private var resource: Resource? {
        switch self {
        case .anywhere: nil
        case .asPublicAs(let resource), .privateNetworks(let resource): resource
        }
    }

    /// The nearest range in which a server may be. Nothing that a resolver says makes a resource a loopback resource.
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

/// Sends requests for a resource that nobody has configured: none goes nearer to this machine than it may.
package struct ReachingTransport: HTTPTransport {
    private let transport: any HTTPTransport
    private let reach: Reach

    package init(_ transport: any HTTPTransport, reach: Reach) {
        (self.transport, self.reach) = (transport, reach)
    }

    /// Throws also `addressTooNear`.
    package func send(_ request: HTTPRequest) async throws(OAuthError) -> HTTPResponse {
        var request = request
        request.reach = reach
        return try await transport.send(request)
    }
}
