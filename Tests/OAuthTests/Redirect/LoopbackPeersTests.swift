import Addresses
import CSocketDiagnosis
import Glibc
import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import OAuth

@Suite struct `The peer of a loopback connection` {
    private let peers = LoopbackPeers.here()

    /// The addresses of the listener, and whether the client uses an IPv6 socket for IPv4.
    static let roads: [(String, Bool)] = [("127.0.0.1", false), ("127.0.0.1", true), ("::1", false)]

    @Test(arguments: roads)
    func `is our user, by the kernel's answer and by its list`(_ address: String, _ isMapped: Bool) throws {
        let pair = try LoopbackPair(address, mapped: isMapped)
        let peer = try #require(TCPConnection(descriptor: pair.server)).fromTheOtherEnd
        let owner = SocketOwner(user: getuid(), state: UInt8(TCP_ESTABLISHED), isHeld: true)
        #expect(SocketDiagnosis.find(peer) == .found(owner))
        #expect(SocketList.find(peer) == owner)
        for isAccepting in [true, false] {
            #expect(!peers.isStranger(descriptor: pair.server, isAccepting: isAccepting))
        }
    }

    @Test(.counted(.hostileNeighbours), arguments: roads, [true, false])
    func `counts as another user once it has gone`(_ road: (address: String, isMapped: Bool), _ resets: Bool) throws {
        let pair = try LoopbackPair(road.address, mapped: road.isMapped)
        let peer = try #require(TCPConnection(descriptor: pair.server)).fromTheOtherEnd
        try pair.hangUp(resets: resets)
        for isAccepting in [true, false] {
            #expect(peers.isStranger(descriptor: pair.server, isAccepting: isAccepting))
        }
        // A socket that was closed without a reset is still in the list, as root's, but must not count.
        for owner in [SocketList.find(peer), SocketDiagnosis.find(peer).owner] {
            #expect((owner == nil) == resets)
            #expect(owner.map(peers.isOurs) != true)
        }
    }

    @Test func `is still our user if it has only closed its sending side`() throws {
        let pair = try LoopbackPair("127.0.0.1")
        try #require(shutdown(pair.client, Int32(SHUT_WR)) == 0)
        #expect(!peers.isStranger(descriptor: pair.server, isAccepting: true))
    }

    @Test(.counted(.hostileNeighbours)) func `counts as another user if there is no connection`() throws {
        let pair = try LoopbackPair("127.0.0.1")
        #expect(peers.isStranger(descriptor: -1, isAccepting: true))
        let withoutSocket = EmbeddedChannel()
        #expect(peers.isStranger(withoutSocket, isAccepting: true))
        _ = try withoutSocket.finish()
        let silent = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #expect(peers.isStranger(descriptor: silent, isAccepting: true))
        close(silent)
        #expect(!peers.isStranger(descriptor: pair.server, isAccepting: true))
    }

    @Test(.counted(.hostileNeighbours), arguments: roads)
    func `is not confused with a listener at its address`(_ address: String, _ isMapped: Bool) throws {
        let pair = try LoopbackPair(address, mapped: isMapped)
        let connection = try #require(TCPConnection(descriptor: pair.server))
        let other = try #require(SocketEnd(address: connection.remote.address, port: connection.remote.port ^ 1))
        // For such a socket the kernel answers with the listener.
        #expect(SocketDiagnosis.find(TCPConnection(local: connection.local, remote: other)) == .absent)
        let invented = TCPConnection(local: connection.local, remote: other)
        #expect(SocketDiagnosis.findPeer(of: invented) == .absent)
        #expect(SocketDiagnosis.knowsListener(of: connection))
        #expect(!SocketDiagnosis.knowsListener(of: connection.fromTheOtherEnd))
    }

    /// User and state of a socket, whether a process has it, and whether it counts as a socket of user 1000.
    static let owners: [(UInt32, Int, Bool, Bool)] = [
        (1000, TCP_ESTABLISHED, true, true), (0, TCP_ESTABLISHED, true, true), (1000, TCP_FIN_WAIT2, true, true),
        (1001, TCP_ESTABLISHED, true, false), (65_534, TCP_ESTABLISHED, true, false),
        (1000, TCP_ESTABLISHED, false, false), (0, TCP_ESTABLISHED, false, false), (0, TCP_FIN_WAIT1, false, false),
        (0, TCP_TIME_WAIT, false, false), (0, TCP_TIME_WAIT, true, false), (1000, TCP_LISTEN, true, false),
        (1000, TCP_SYN_SENT, true, false), (1000, TCP_CLOSE, true, false),
    ]

    @Test(.counted(.hostileNeighbours), arguments: owners)
    func `counts as our user only if a process of that user or of root has the socket`(
        _ user: UInt32, _ state: Int, _ isHeld: Bool, _ isOurs: Bool
    ) {
        let owner = SocketOwner(user: user, state: UInt8(state), isHeld: isHeld)
        #expect(LoopbackPeers(us: 1000, unmapped: 65_534).isOurs(owner) == isOurs)
        #expect(LoopbackPeers(us: 1000, unmapped: nil).isOurs(owner) == isOurs)
    }

    @Test(.counted(.hostileNeighbours)) func `is not our user if its user has no id in this namespace`() {
        let owner = SocketOwner(user: 65_534, state: UInt8(TCP_ESTABLISHED), isHeld: true)
        #expect(!LoopbackPeers(us: 65_534, unmapped: 65_534).isOurs(owner))
        #expect(LoopbackPeers(us: 65_534, unmapped: nil).isOurs(owner))
    }

    /// A user map, the kernel's overflow id, and the id that then stands for all unmapped users.
    static let maps: [(String?, String?, UInt32?)] = [
        ("         0          0 4294967295\n", "65534\n", nil), ("0 1000 1\n", "65534\n", 65_534),
        ("0 1000 1\n1 100000 65536\n", "65534\n", 65_534), ("0 1000 4294967295\n", "99\n", 99), ("", "65534\n", 65_534),
        (nil, "65533\n", 65_533), (nil, nil, 65_534), ("0 1000 1\n", "what?", 65_534),
    ]

    @Test(arguments: maps)
    func `has an overflow id only if some users are unmapped`(
        _ map: String?, _ overflow: String?, _ expected: UInt32?
    ) {
        #expect(LoopbackPeers.unmappedUser(map: map, overflow: overflow) == expected)
    }
}

extension SocketDiagnosis.Answer {
    fileprivate var owner: SocketOwner? {
        if case .found(let owner) = self { owner } else { nil }
    }
}

@Suite struct `The kernel's list of sockets` {
    /// In the kernel's format (proc(5)): the listener, a browser of user 1000 and the listener's end of that
    /// connection, another user's browser, a closed socket, and a socket that was created for IPv6.
    private static let list = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:A8C2 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 101 1 0 100 0 0 10 0
           1: 0100007F:9C40 0100007F:A8C2 01 00000000:00000000 00:00000000 00000000  1000        0 102 1 0 20 4 30 10 -1
           2: 0100007F:A8C2 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  1001        0 103 1 0 20 4 30 10 -1
           3: 0100007F:9C41 0100007F:A8C2 01 00000000:00000000 00:00000000 00000000  1002        0 104 1 0 20 4 30 10 -1
           4: 0100007F:9C42 0100007F:A8C2 05 00000000:00000000 00:00000000 00000000     0        0 0 2 0
        12345: 0000000000000000FFFF00000100007F:9C43 0000000000000000FFFF00000100007F:A8C2 01 0:0 00:0 0  1003        0 105
           6: 00000000000000000000000001000000:9C44 00000000000000000000000001000000:A8C2 01 0:0 00:0 0  1004        0 106
           7: 0100007F:9C46 0100007F:A8C2 01 00000000:00000000 00:00000000 00000000  many        0 107

        """

    private static let loopback: [UInt8] = [127, 0, 0, 1]
    private static let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, 127, 0, 0, 1]

    /// Address and port of a socket that is connected to port 43,202, and its owner.
    static let ends: [([UInt8], UInt16, SocketOwner?)] = [
        (loopback, 40_000, SocketOwner(user: 1000, state: 1, isHeld: true)),
        (loopback, 40_001, SocketOwner(user: 1002, state: 1, isHeld: true)),
        (loopback, 40_002, SocketOwner(user: 0, state: 5, isHeld: false)),
        (mapped, 40_003, SocketOwner(user: 1003, state: 1, isHeld: true)),
        (HostName.ipv6Loopback, 40_004, SocketOwner(user: 1004, state: 1, isHeld: true)),
        (loopback, 40_004, nil), (loopback, 40_005, nil), (loopback, 40_006, nil), ([127, 0, 0, 2], 40_000, nil),
    ]

    @Test(arguments: ends)
    func `shows the owner of a socket`(_ address: [UInt8], _ port: UInt16, _ owner: SocketOwner?) {
        let target = address == [127, 0, 0, 2] ? Self.loopback : address
        let bytes = Array(Self.list.utf8)
        for size in [1, 7, 200, bytes.count] {
            var reader = SocketListReader(SocketListReader.words(address, target), ports: (port, 43_202))
            for start in stride(from: 0, to: bytes.count, by: size) {
                reader.take(bytes[start..<min(start + size, bytes.count)])
            }
            #expect(reader.owner == owner)
            #expect(reader.isDone == (owner != nil))
        }
    }

    @Test func `is read to its end, however long it is`() {
        let end = Array(Self.list.utf8)
        let filler = Array(String(repeating: String(repeating: "x", count: 149) + "\n", count: 10_000).utf8)
        var reader = SocketListReader(
            SocketListReader.words(Self.loopback, Self.loopback), ports: (40_000, 43_202))
        // More than 16 MiB.
        for _ in 0..<12 { reader.take(filler) }
        #expect(reader.owner == nil && !reader.isDone)
        reader.take(end)
        #expect(reader.owner?.user == 1000)
    }

    @Test func `is invalid if a line has no end`() {
        var reader = SocketListReader(SocketListReader.words(Self.loopback, Self.loopback), ports: (1, 2))
        reader.take([UInt8](repeating: 0, count: 2_000))
        #expect(reader.isDone && reader.owner == nil)
    }
}

@Suite struct `The connection limits of the listener` {
    @Test(.counted(.hostileNeighbours)) func `keep other users from displacing our user's connections`() throws {
        let traffic = LoopbackTraffic()
        let persons = [EmbeddedChannel(), EmbeddedChannel()]
        let strangers = (0..<200).map { _ in EmbeddedChannel() }
        #expect(traffic.admit(persons[0], isStranger: false))
        let admitted = strangers.filter { traffic.admit($0, isStranger: true) }
        #expect(admitted.count == LoopbackTraffic.strangerLimit)

        // Closing a connection frees its place.
        _ = try admitted[0].finish()
        #expect(traffic.admit(strangers[199], isStranger: true))
        #expect(!traffic.admit(strangers[198], isStranger: true))
        #expect(traffic.admit(persons[1], isStranger: false))
        // This throws for a connection that was closed already.
        for channel in persons + strangers where channel !== admitted[0] { _ = try channel.finish() }
    }
}
