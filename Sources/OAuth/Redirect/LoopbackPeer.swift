import Glibc
import NIOCore

/// Whose process has the other end of a connection over loopback, by the kernel's own list (proc(5), `/proc/net/tcp`).
///
/// Everybody on this machine can connect to the listener, and can read in the list of processes what a browser was
/// started with: who opens the start address first would sign in as themselves where another one meant to.
struct LoopbackPeer {
    /// Whether another user has it. No where nobody can tell, or where it is root, who needs none of this; and some put
    /// a service of root's between browser and machine.
    static func isStranger(_ connection: any Channel, us: UInt32 = getuid()) -> Bool {
        guard let remote = connection.remoteAddress.flatMap(Socket.init),
            let local = connection.localAddress.flatMap(Socket.init)
        else { return false }
        for file in ["/proc/net/tcp", "/proc/net/tcp6"] {
            guard let list = read(file), let owner = owner(of: remote, to: local, in: list) else { continue }
            return owner.isGone || ![us, 0].contains(owner.user)
        }
        return false
    }

    /// Address and port as the list writes them: each four bytes as one number of this machine's, in hexadecimal digits.
    struct Socket {
        let texts: [String]

        /// An IPv4 address stands also for itself as an IPv6 address, as which a program may have made its socket.
        init?(bytes: [UInt8], port: Int) {
            guard bytes.count == 4 || bytes.count == 16 else { return nil }
            let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
            let forms = bytes.count == 4 ? [bytes, mapped + bytes] : [bytes]
            texts = forms.map { form in
                let words = stride(from: 0, to: form.count, by: 4).map { start in
                    form[start..<start + 4].reversed().map { Self.digits(UInt16($0), 2) }.joined()
                }
                return words.joined() + ":" + Self.digits(UInt16(truncatingIfNeeded: port), 4)
            }
        }

        init?(_ address: SocketAddress) {
            guard let text = address.ipAddress, let port = address.port,
                let bytes = HostName.address(text.contains(":") ? "[\(text)]" : text)
            else { return nil }
            self.init(bytes: bytes, port: port)
        }

        private static func digits(_ number: UInt16, _ count: Int) -> String {
            let digits = String(number, radix: 16, uppercase: true)
            return String(repeating: "0", count: count - digits.count) + digits
        }
    }

    /// Who has a socket; nobody any more where it was closed.
    struct Owner: Equatable {
        var user: UInt32
        var isGone: Bool
    }

    /// The owner of the socket at `remote` whose other end is at `local`; nil where the list does not have it.
    static func owner(of remote: Socket, to local: Socket, in list: String) -> Owner? {
        for line in list.split(separator: "\n") {
            // sl local_address rem_address st queues timer retransmits uid timeout inode
            let fields = line.split(separator: " ")
            guard fields.count > 9, remote.texts.contains(String(fields[1])), local.texts.contains(String(fields[2])),
                let user = UInt32(fields[7])
            else { continue }
            return Owner(user: user, isGone: fields[9] == "0")
        }
        return nil
    }

    /// The whole file, 16 MiB at most: a connection has about 150 bytes in it. nil where it cannot be read.
    private static func read(_ file: String) -> String? {
        let descriptor = unsafe open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < 16_777_216 {
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 { return nil }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
