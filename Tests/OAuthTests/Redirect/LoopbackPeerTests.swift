import Testing

@testable import OAuth

@Suite struct `The other end of a connection on this machine` {
    private typealias Socket = LoopbackPeer.Socket

    /// As the kernel writes it (proc(5)): the listener, a browser of user 1000 and the listener's side of that, somebody
    /// else's browser, a socket that was closed, and one that was made for IPv6.
    private static let list = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:A8C2 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 101 1 0 100 0 0 10 0
           1: 0100007F:9C40 0100007F:A8C2 01 00000000:00000000 00:00000000 00000000  1000        0 102 1 0 20 4 30 10 -1
           2: 0100007F:A8C2 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  1001        0 103 1 0 20 4 30 10 -1
           3: 0100007F:9C41 0100007F:A8C2 01 00000000:00000000 00:00000000 00000000  1002        0 104 1 0 20 4 30 10 -1
           4: 0100007F:9C42 0100007F:A8C2 05 00000000:00000000 00:00000000 00000000     0        0 0 2 0
           5: 0000000000000000FFFF00000100007F:9C43 0000000000000000FFFF00000100007F:A8C2 01 0:0 00:0 0  1003        0 105
           6: 00000000000000000000000001000000:9C44 00000000000000000000000001000000:A8C2 01 0:0 00:0 0  1004        0 106
        """

    private static let loopback: [UInt8] = [127, 0, 0, 1]

    /// Address and port of the other end, and whose it is.
    static let ends: [([UInt8], Int, LoopbackPeer.Owner?)] = [
        (loopback, 40_000, .init(user: 1000, isGone: false)), (loopback, 40_001, .init(user: 1002, isGone: false)),
        (loopback, 40_002, .init(user: 0, isGone: true)), (loopback, 40_003, .init(user: 1003, isGone: false)),
        (HostName.ipv6Loopback, 40_004, .init(user: 1004, isGone: false)),
        (loopback, 40_004, nil), (loopback, 40_005, nil), ([127, 0, 0, 2], 40_000, nil),
    ]

    @Test(arguments: ends)
    func `is told by the kernel's list`(_ address: [UInt8], _ port: Int, _ owner: LoopbackPeer.Owner?) throws {
        let remote = try #require(Socket(bytes: address, port: port))
        let local = try #require(Socket(bytes: address.count == 4 ? Self.loopback : address, port: 43_202))
        #expect(LoopbackPeer.owner(of: remote, to: local, in: Self.list) == owner)
        #expect(LoopbackPeer.owner(of: remote, to: local, in: "") == nil)
    }
}
