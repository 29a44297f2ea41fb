import Addresses

@testable import CredentialProtocol
@testable import OAuth

/// The URL of a service, as users and callers write it.
func fuzzServiceURL(_ bytes: [UInt8]) throws {
    guard let text = String(validating: bytes, as: UTF8.self), let url = try? ServiceURL(text) else { return }
    let printed = url.description
    try require(isVisible(printed.utf8), "a service that cannot be printed: \(printed.debugDescription)")
    try require((try? ServiceURL(printed)) == url, "another service after printing: \(printed)")
    try require(url.contains(url), "a service that does not contain itself")
    try require(
        url.pathSegments.allSatisfy { $0 != "." && $0 != ".." && !$0.contains("/") }, "a path with dot segments"
    )
    try requireHost(url.host)
    let parts = ServiceURL(protocolName: url.scheme, host: url.host, path: nil)
    try require(parts?.host == url.host, "another host after parsing")

    // Callers send tokens to a `ServiceURL`, and keyfob sends requests to an `EndpointURL`. Both must mean one server.
    if let endpoint = try? EndpointURL(text) {
        try require(endpoint.host == url.host && endpoint.port == url.port, "\(endpoint.host) and \(url.host)")
        try require(endpoint.isLoopback == url.isLoopback, "loopback for only one of the two")
    }
}

/// The address of an endpoint, as servers write it.
func fuzzEndpointURL(_ bytes: [UInt8]) throws {
    guard let text = String(validating: bytes, as: UTF8.self), let url = try? EndpointURL(text) else { return }
    try require(url.string == text && url.description == text, "an address that was changed")
    try require(isVisible(text.utf8), "an address with forbidden characters")
    try require(url.scheme == "https" || url.scheme == "http" && url.isLoopback, "an address without TLS")
    try require(text.lowercased().hasPrefix("\(url.scheme)://\(url.host)"), "a host that is not in the address")
    try require(
        url.origin + url.path + (url.query.map { "?" + $0 } ?? "") == text || text != text.lowercased()
            || text.contains(":443") || text.contains(":80") || text.contains(":0"),
        "an address that differs from its parts")
    try requireHost(url.host)
    let shorter = outcome { () throws(EndpointURL.ParsingError) in try EndpointURL(url.origin) }
    try require((try? shorter.get())?.origin == url.origin, "another origin after parsing")
    let identifier = ResourceIdentifier(url: url)
    try require(identifier.isCovered(by: text), "a resource that does not cover itself")
    for location in identifier.metadataLocations {
        try require((try? EndpointURL(location))?.origin == url.origin, "metadata on another origin: \(location)")
    }
    guard let issuer = try? Issuer(text) else { return }
    for location in issuer.metadataLocations {
        try require((try? EndpointURL(location))?.origin == url.origin, "metadata on another origin: \(location)")
    }
}

/// Checks that a host has one spelling, which resolvers and browsers read in the same way.
private func requireHost(_ host: String) throws {
    let inner = host.hasPrefix("[") ? host.dropFirst().dropLast() : host[...]
    let allowed = host.hasPrefix("[") ? "0123456789abcdef:." : "0123456789abcdefghijklmnopqrstuvwxyz-_."
    try require(!inner.isEmpty && inner.allSatisfy { allowed.contains($0) }, "an invalid host: \(host)")
    let last = inner.split(separator: ".").last ?? ""
    if !host.hasPrefix("["),
        last.allSatisfy(\.isNumber) || last.hasPrefix("0x") && last.dropFirst(2).allSatisfy(\.isHexDigit)
    {
        let octets = inner.split(separator: ".", omittingEmptySubsequences: false)
        try require(octets.count == 4 && octets.allSatisfy { UInt8($0).map(String.init) == String($0) }, "\(host)")
    }
}
