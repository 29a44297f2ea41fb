import CSocketDiagnosis
import Glibc

/// The sockets of this process, as a child process would inherit them.
enum OpenSockets {
    /// How many sockets are bound to that IPv4 port, and how many of them survive exec.
    static func inheritable(localPort: Int) -> (found: Int, inheritable: Int) {
        var counts = (found: 0, inheritable: 0)
        for descriptor in 0..<Int32(4_096) where port(of: descriptor) == localPort {
            counts.found += 1
            if fcntl(descriptor, F_GETFD) & FD_CLOEXEC == 0 { counts.inheritable += 1 }
        }
        return counts
    }

    private static func port(of descriptor: Int32) -> Int? {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe getsockname(descriptor, generic, &length)
            }
        }
        guard result == 0, address.sin_family == AF_INET else { return nil }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
