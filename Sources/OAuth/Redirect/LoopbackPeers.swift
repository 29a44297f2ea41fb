import Files
import Glibc
import NIOCore

/// Decides whether the peer of a loopback connection is another user of this machine.
///
/// Every user of the machine can connect to the listener. Every user can also see the start address in the list of
/// processes, because a browser was started with it. Another user who opened that address first would sign in with
/// their own account in place of our user.
///
/// A peer that cannot be identified counts as another user. This costs our user nothing: their browser is still
/// connected, so it can be identified.
struct LoopbackPeers: Sendable {
    /// The user to whom the sign-in belongs.
    let us: UInt32
    /// The id that the kernel reports for all users without an id in this user namespace; nil if every user has one.
    let unmapped: UInt32?

    /// The values for this process.
    static func here() -> LoopbackPeers {
        LoopbackPeers(
            us: getuid(),
            unmapped: unmappedUser(
                map: SystemFile.text("/proc/self/uid_map"), overflow: SystemFile.text("/proc/sys/kernel/overflowuid")))
    }

    /// Whether another user has the other end of `channel`.
    ///
    /// This is checked twice: when a connection is accepted, so that another user does not take a place of our user's,
    /// and when the request is answered. Only the second check grants access.
    ///
    /// - Parameter isAccepting: true for the first check. If only the kernel's socket list can answer, the result is
    ///   then false: reading the list is slow, and many connections may wait.
    func isStranger(_ channel: any Channel, isAccepting: Bool) -> Bool {
        let answer = try? channel.pipeline.syncOperations
            .withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { descriptor in
                isStranger(descriptor: descriptor, isAccepting: isAccepting)
            }
        return answer ?? true
    }

    /// The same for a file descriptor of our end.
    func isStranger(descriptor: Int32, isAccepting: Bool) -> Bool {
        guard let connection = TCPConnection(descriptor: descriptor) else { return true }
        switch SocketDiagnosis.findPeer(of: connection) {
        case .noAnswer where isAccepting: return false
        case .noAnswer: return isStranger(SocketList.find(connection.fromTheOtherEnd), descriptor)
        case .absent: return true
        case .found(let owner): return isStranger(owner, descriptor)
        }
    }

    private func isStranger(_ owner: SocketOwner?, _ descriptor: Int32) -> Bool {
        guard let owner, isOurs(owner) else { return true }
        // Checked last: a peer that has reset the connection is gone, and another program may have its port already.
        return !TCPConnection.isOpen(descriptor)
    }

    /// Whether the socket belongs to our user or to root. Root has other ways, and on some machines a service that runs
    /// as root stands between the browser and the listener.
    func isOurs(_ owner: SocketOwner) -> Bool {
        owner.isInUse && owner.user != unmapped && (owner.user == us || owner.user == 0)
    }

    /// The id that stands for users without an id here (user_namespaces(7)).
    ///
    /// - Parameters:
    ///   - map: the content of `/proc/self/uid_map`.
    ///   - overflow: the content of `/proc/sys/kernel/overflowuid`.
    static func unmappedUser(map: String?, overflow: String?) -> UInt32? {
        let map = map?.split { " \t\n".contains($0) }
        guard map != ["0", "0", "4294967295"] else { return nil }
        return overflow.flatMap { UInt32($0.filter { $0 != "\n" }) } ?? 65_534
    }
}

/// The owner of a TCP socket.
struct SocketOwner: Equatable {
    var user: UInt32
    /// The state, as the kernel numbers it (`net/tcp_states.h`).
    var state: UInt8
    /// Whether a process has a file descriptor of the socket. After it was closed, the kernel reports root as owner.
    var isHeld: Bool

    /// Whether a process can send and receive on it: it is connected, perhaps closed for sending at the other end.
    var isInUse: Bool {
        isHeld && [TCP_ESTABLISHED, TCP_FIN_WAIT1, TCP_FIN_WAIT2].contains { $0 == state }
    }
}
