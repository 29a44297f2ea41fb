import Glibc
import NIOCore

/// Decides whether another user of this machine has the other end of a connection over loopback.
///
/// Every user of the machine can connect to the listener, and can read the start address in the list of processes, because
/// a browser was started with it. Whoever opens that address first would sign in as themselves in the person's place.
///
/// A peer that cannot be found is a stranger. The person loses nothing by that: their browser is still connected.
struct LoopbackPeers: Sendable {
    /// The user to whom the sign-in belongs.
    let us: UInt32
    /// The id that the kernel reports for each user without an id in this user namespace; nil if every user has one.
    let unmapped: UInt32?

    /// The rules for this process.
    static func here() -> LoopbackPeers {
        LoopbackPeers(
            us: getuid(),
            unmapped: unmappedUser(
                map: KernelFile.text("/proc/self/uid_map"), overflow: KernelFile.text("/proc/sys/kernel/overflowuid")))
    }

    /// Whether somebody else has the other end of `channel`.
    ///
    /// Asked when a connection is accepted, so that a stranger gets no place of the person's, and again when a request is
    /// answered: only this second answer lets anybody in.
    ///
    /// - Parameter isAccepting: the first of the two. If only the kernel's list could tell, the answer is then false: to
    ///   read it takes long, and many connections may wait.
    func isStranger(_ channel: any Channel, isAccepting: Bool) -> Bool {
        let answer = try? channel.pipeline.syncOperations
            .withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { descriptor in
                isStranger(descriptor: descriptor, isAccepting: isAccepting)
            }
        return answer ?? true
    }

    /// The same for a descriptor of our end.
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
        // This comes last: a peer that has reset the connection is gone, and another program may have its port by now.
        return !TCPConnection.isOpen(descriptor)
    }

    /// Whether that socket belongs to the person; or to root, who needs none of this: on some machines a service of
    /// root's stands between the browser and the listener.
    func isOurs(_ owner: SocketOwner) -> Bool {
        owner.isInUse && owner.user != unmapped && (owner.user == us || owner.user == 0)
    }

    /// The id of users who have none here (user_namespaces(7)).
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

/// Who has a TCP socket.
struct SocketOwner: Equatable {
    var user: UInt32
    /// As the kernel numbers the states (`net/tcp_states.h`).
    var state: UInt8
    /// Whether a process has a descriptor of it. The user of one that was closed reads as root's.
    var isHeld: Bool

    /// Whether a process can send and receive over it: it is connected, though it may have said that it sends no more.
    var isInUse: Bool {
        isHeld && [TCP_ESTABLISHED, TCP_FIN_WAIT1, TCP_FIN_WAIT2].contains { $0 == state }
    }
}
