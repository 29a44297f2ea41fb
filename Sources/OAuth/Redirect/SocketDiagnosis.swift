import CSocketDiagnosis
import Glibc

/// Asks the kernel for one TCP socket of this network namespace by its two ends (sock_diag(7)).
///
/// The kernel looks the socket up in a hash table, so the number of other sockets does not matter.
enum SocketDiagnosis {
    enum Answer: Equatable {
        case found(SocketOwner)
        /// No such socket exists.
        case absent
        /// The kernel cannot be asked.
        case noAnswer
    }

    /// The socket at the other end of `connection`, whose own socket a listener has accepted.
    static func findPeer(of connection: TCPConnection) -> Answer {
        let answer = find(connection.fromTheOtherEnd)
        // A kernel without the TCP module reports every socket as absent.
        return answer == .absent && !knowsListener(of: connection) ? .noAnswer : answer
    }

    /// The socket with the ends of `socket`; also `absent` if the kernel lacks the module.
    static func find(_ socket: TCPConnection) -> Answer {
        var request = question(socket)
        var answer = inet_diag_msg()
        return switch unsafe keyfob_diagnose(&request, &answer) {
        case 0: read(answer, for: socket)
        case ENOENT: .absent
        default: .noAnswer
        }
    }

    /// Whether the kernel finds our listening socket of `connection`, which certainly exists.
    static func knowsListener(of connection: TCPConnection) -> Bool {
        guard let remote = connection.local.unconnected,
            case .found(let owner) = find(TCPConnection(local: connection.local, remote: remote))
        else { return false }
        return owner.state == TCP_LISTEN
    }

    /// The request for `socket`. An IPv4 request also finds a socket that was created for IPv6.
    static func question(_ socket: TCPConnection) -> inet_diag_req_v2 {
        let isIPv4 = socket.local.ipv4 != nil && socket.remote.ipv4 != nil
        var request = inet_diag_req_v2()
        request.sdiag_family = UInt8(isIPv4 ? AF_INET : AF_INET6)
        request.sdiag_protocol = UInt8(IPPROTO_TCP)
        request.idiag_states = .max
        request.id.idiag_sport = socket.local.port.bigEndian
        request.id.idiag_dport = socket.remote.port.bigEndian
        request.id.idiag_cookie = (.max, .max)  // INET_DIAG_NOCOOKIE: any.
        unsafe withUnsafeMutableBytes(of: &request.id.idiag_src) {
            unsafe $0.copyBytes(from: socket.local.ipv4 ?? socket.local.address)
        }
        unsafe withUnsafeMutableBytes(of: &request.id.idiag_dst) {
            unsafe $0.copyBytes(from: socket.remote.ipv4 ?? socket.remote.address)
        }
        return request
    }

    /// Reads what an answer says about `socket`. If no socket has these two ends, the kernel may answer with one that
    /// listens at its own end.
    static func read(_ answer: inet_diag_msg, for socket: TCPConnection) -> Answer {
        let length = Int32(answer.idiag_family) == AF_INET ? 4 : 16
        let source = unsafe withUnsafeBytes(of: answer.id.idiag_src) { unsafe [UInt8]($0.prefix(length)) }
        let target = unsafe withUnsafeBytes(of: answer.id.idiag_dst) { unsafe [UInt8]($0.prefix(length)) }
        guard SocketEnd(address: source, port: UInt16(bigEndian: answer.id.idiag_sport)) == socket.local,
            SocketEnd(address: target, port: UInt16(bigEndian: answer.id.idiag_dport)) == socket.remote
        else { return .absent }
        return .found(
            SocketOwner(user: answer.idiag_uid, state: answer.idiag_state, isHeld: answer.idiag_inode != 0))
    }
}
