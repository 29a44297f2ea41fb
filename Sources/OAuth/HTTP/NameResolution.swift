import Glibc
import NIOPosix

/// Returns the addresses of a host, each as 4 or 16 bytes in network order.
///
/// - Throws: `unreachable` if there are none.
typealias NameResolution = @Sendable (_ host: String) async throws(OAuthError) -> [[UInt8]]

/// Resolves names with getaddrinfo(3), which blocks and therefore runs on a thread pool.
package enum SystemNameResolution {
    /// Returns the addresses of a host, each as 4 or 16 bytes in network order.
    ///
    /// - Throws: `unreachable` if there are none.
    package static func addresses(of host: String) async throws(OAuthError) -> [[UInt8]] {
        let name = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        let found = try? await NIOThreadPool.singleton.runIfActive { blockingAddresses(of: name) }
        guard let found, !found.isEmpty else { throw .unreachable(host: host, reason: OAuthError.nameNotFound) }
        return found
    }

    /// The addresses, which getaddrinfo(3) sorts by RFC 6724.
    private static func blockingAddresses(of name: String) -> [[UInt8]] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
        defer { unsafe freeaddrinfo(list) }
        var found: [[UInt8]] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe bytes(entry.pointee.ai_addr) { found.append(address) }
            unsafe next = entry.pointee.ai_next
        }
        return found
    }

    private static func bytes(_ address: UnsafeMutablePointer<sockaddr>?) -> [UInt8]? {
        guard let address = unsafe address else { return nil }
        switch unsafe Int32(address.pointee.sa_family) {
        case AF_INET:
            return unsafe address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { pointer in
                var plain = unsafe pointer.pointee.sin_addr
                return unsafe withUnsafeBytes(of: &plain) { unsafe Array($0) }
            }
        case AF_INET6:
            return unsafe address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
                var plain = unsafe pointer.pointee.sin6_addr
                return unsafe withUnsafeBytes(of: &plain) { unsafe Array($0) }
            }
        default: return nil
        }
    }
}
