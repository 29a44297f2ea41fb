import Glibc

/// A TCP port of 127.0.0.1 that is bound but has no listener. The kernel refuses every connection to it, and no
/// parallel test can get this port.
package final class SilentPort: Sendable {
    package let port: Int
    private let descriptor: Int32

    /// - Throws: ``CannotBind`` with the `errno` if the socket cannot be bound.
    package init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe bind(descriptor, generic, length) == 0 && getsockname(descriptor, generic, &length) == 0
            }
        }
        guard result else { throw CannotBind(errno: errno) }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(descriptor) }

    package struct CannotBind: Error { package var errno: Int32 }
}
