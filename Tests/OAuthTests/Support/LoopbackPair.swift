import CSocketDiagnosis
import Glibc

/// A TCP connection of this process with itself, as file descriptors. Open ones are closed at the end.
final class LoopbackPair {
    enum Failure: Error { case noSocket(errno: Int32) }

    /// The connecting end and the accepted end.
    private(set) var client: Int32
    let server: Int32
    private let listener: Int32

    /// - Parameters:
    ///   - address: the listener's address, `127.0.0.1` or `::1`.
    ///   - mapped: whether the client uses an IPv6 socket that connects to the IPv4-mapped address.
    init(_ address: String, mapped: Bool = false) throws {
        let family = address.contains(":") ? AF_INET6 : AF_INET
        let listener = try Self.check(socket(family, Int32(SOCK_STREAM.rawValue), 0))
        let client = try Self.check(socket(mapped ? AF_INET6 : family, Int32(SOCK_STREAM.rawValue), 0))
        _ = try Self.check(unsafe try Self.withAddress(address, port: 0) { unsafe bind(listener, $0, $1) })
        _ = try Self.check(listen(listener, 8))
        let (target, port) = (mapped ? "::ffff:\(address)" : address, try Self.port(of: listener))
        _ = try Self.check(unsafe try Self.withAddress(target, port: port) { unsafe connect(client, $0, $1) })
        server = try Self.check(accept(listener, nil, nil))
        (self.listener, self.client) = (listener, client)
    }

    deinit {
        for descriptor in [client, server, listener] where descriptor >= 0 { close(descriptor) }
    }

    /// Closes the client's end; with a reset if `resets`.
    func hangUp(resets: Bool) throws {
        if resets {
            var atOnce = linger(l_onoff: 1, l_linger: 0)
            let size = socklen_t(MemoryLayout.size(ofValue: atOnce))
            _ = try Self.check(unsafe setsockopt(client, SOL_SOCKET, SO_LINGER, &atOnce, size))
        }
        _ = try Self.check(close(client))
        client = -1
    }

    private static func check(_ result: Int32) throws -> Int32 {
        guard result >= 0 else { throw Failure.noSocket(errno: errno) }
        return result
    }

    private static func port(of descriptor: Int32) throws -> UInt16 {
        var address = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        _ = try check(
            unsafe withUnsafeMutablePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe getsockname(descriptor, $0, &size)
                }
            })
        return UInt16(bigEndian: address.sin6_port)  // The port is at the same offset for both families.
    }

    private static func withAddress(
        _ text: String, port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Int32
    ) throws -> Int32 {
        if text.contains(":") {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            guard unsafe inet_pton(AF_INET6, text, &address.sin6_addr) == 1 else {
                throw Failure.noSocket(errno: EINVAL)
            }
            return try unsafe withGeneric(&address, body)
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        guard unsafe inet_pton(AF_INET, text, &address.sin_addr) == 1 else { throw Failure.noSocket(errno: EINVAL) }
        return try unsafe withGeneric(&address, body)
    }

    private static func withGeneric<Address>(
        _ address: inout Address, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Int32
    ) throws -> Int32 {
        let size = socklen_t(MemoryLayout<Address>.size)
        return try unsafe withUnsafePointer(to: &address) { pointer in
            try unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { try unsafe body($0, size) }
        }
    }
}
