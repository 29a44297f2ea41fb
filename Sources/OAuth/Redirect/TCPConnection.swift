import CSocketDiagnosis
import Glibc

/// The address and port of one end of a TCP connection.
struct SocketEnd: Equatable {
    /// The first 12 bytes of an IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2).
    private static let mapping = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]

    /// 16 bytes. An IPv4 address is stored as IPv4-mapped IPv6 address, because a program may use it in that form.
    let address: [UInt8]
    let port: UInt16

    /// - Parameter address: 4 or 16 bytes; nil is returned for other lengths.
    init?(address: [UInt8], port: UInt16) {
        switch address.count {
        case 4: self.address = Self.mapping + address
        case 16: self.address = address
        default: return nil
        }
        self.port = port
    }

    /// Reads the result of getsockname(2) or getpeername(2); nil for families other than IPv4 and IPv6.
    init?(_ storage: sockaddr_storage) {
        let bytes = unsafe withUnsafeBytes(of: storage) { unsafe [UInt8]($0) }
        let port = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
        switch Int32(storage.ss_family) {
        case AF_INET: self.init(address: Array(bytes[4..<8]), port: port)
        case AF_INET6: self.init(address: Array(bytes[8..<24]), port: port)
        default: return nil
        }
    }

    /// The 4 bytes of an IPv4 address; nil for IPv6.
    var ipv4: [UInt8]? { address.starts(with: Self.mapping) ? Array(address[12...]) : nil }

    /// The remote end of a socket that listens at this end.
    var unconnected: SocketEnd? {
        SocketEnd(address: [UInt8](repeating: 0, count: ipv4 == nil ? 16 : 4), port: 0)
    }
}

/// Both ends of a TCP connection, seen from one of its sockets.
struct TCPConnection: Equatable {
    let local: SocketEnd
    let remote: SocketEnd

    init(local: SocketEnd, remote: SocketEnd) {
        (self.local, self.remote) = (local, remote)
    }

    /// The connection of a socket; nil if the descriptor is not a connected socket.
    init?(descriptor: Int32) {
        guard let local = unsafe Self.end(descriptor, getsockname),
            let remote = unsafe Self.end(descriptor, getpeername)
        else { return nil }
        self.init(local: local, remote: remote)
    }

    /// The same connection, seen from the other end.
    var fromTheOtherEnd: TCPConnection { TCPConnection(local: remote, remote: local) }

    /// Whether the peer has not reset the connection. The peer may have closed its sending side.
    static func isOpen(_ descriptor: Int32) -> Bool {
        // The state is the first byte of `tcp_info` (tcp(7)).
        var state: UInt8 = 0
        var size = socklen_t(MemoryLayout.size(ofValue: state))
        guard unsafe getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &state, &size) == 0, size == 1
        else { return false }
        return [TCP_ESTABLISHED, TCP_CLOSE_WAIT].contains { $0 == state }
    }

    private static func end(
        _ descriptor: Int32,
        _ ask: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> SocketEnd? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe ask(descriptor, $0, &size) }
        }
        return result == 0 ? SocketEnd(storage) : nil
    }
}
