/// How near to this machine the server may be that a request goes to.
package enum Reach: Sendable, Equatable {
    /// As near as it is: a person has written the address down.
    case anywhere
    /// Not nearer than this resource is: the address stands in a document that the resource has sent us to. A resource on
    /// loopback may name all, one in a private network all but loopback, any other only what the Internet reaches.
    case asPublicAs(EndpointURL)

    /// The address to connect to for `url`, as text; nil where any will do.
    ///
    /// Every address of the host is judged, for another may be taken the next time; and one of those that were judged is
    /// connected to, for a name may lead elsewhere the next time that it is looked up.
    ///
    /// Throws `addressTooNear`, or what `resolution` throws.
    func address(for url: EndpointURL, by resolution: NameResolution) async throws(OAuthError) -> String? {
        guard case .asPublicAs(let resource) = self, url.origin != resource.origin else { return nil }
        let addresses = try await resolution(url.host)
        guard let first = addresses.first else { throw .unreachable(host: url.host, reason: "its name was not found") }
        // Nothing that a resolver says makes a resource a loopback resource.
        var nearest = resource.isLoopback ? AddressRange.loopback : .nearby
        if !resource.isLoopback {
            let ranges = try await resolution(resource.host).compactMap { AddressRange($0) }
            nearest = max(nearest, ranges.max() ?? .everywhere)
        }
        for address in addresses {
            guard let range = AddressRange(address), range >= nearest else {
                throw .addressTooNear(host: url.host, resource: resource.host)
            }
        }
        return Self.text(first)
    }

    private static func text(_ address: [UInt8]) -> String {
        if address.count == 4 { return address.map { String($0) }.joined(separator: ".") }
        let groups = stride(from: 0, to: address.count, by: 2).map {
            UInt16(address[$0]) << 8 | UInt16(address[$0 + 1])
        }
        return groups.map { String($0, radix: 16) }.joined(separator: ":")
    }
}

/// Sends requests for a resource that nobody has configured: none goes nearer to this machine than the resource is.
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
