import Files

/// Looks for a TCP socket in the kernel's list of all sockets (proc(5), `/proc/net/tcp`). This is slow; it serves
/// kernels and containers in which ``SocketDiagnosis`` gets no answer.
enum SocketList {
    /// The owner of the socket with the ends of `socket`; nil if no list has it, or reading takes longer than
    /// `patience`.
    static func find(_ socket: TCPConnection, patience: Duration = .seconds(1)) -> SocketOwner? {
        let end = ContinuousClock.now + patience
        var lists = [("/proc/net/tcp6", SocketListReader.words(socket.local.address, socket.remote.address))]
        if let local = socket.local.ipv4, let remote = socket.remote.ipv4 {
            lists.insert(("/proc/net/tcp", SocketListReader.words(local, remote)), at: 0)
        }
        for (file, addresses) in lists {
            var reader = SocketListReader(addresses, ports: (socket.local.port, socket.remote.port))
            try? SystemFile.pieces(of: file) { bytes in
                reader.take(bytes)
                return !reader.isDone && ContinuousClock.now < end
            }
            if let owner = reader.owner { return owner }
        }
        return nil
    }
}

/// Finds one line in a list of sockets that is read in pieces.
struct SocketListReader {
    /// Longer than any line.
    private static let longestLine = 1_024

    /// nil until the line has come.
    private(set) var owner: SocketOwner?
    /// Whether reading can stop: the line has come, or this is not such a list.
    private(set) var isDone = false

    private let wanted: [UInt8]
    private var rest: [UInt8] = []

    /// - Parameter addresses: of both ends, as ``words(_:_:)`` writes them.
    init(_ addresses: (local: String, remote: String), ports: (local: UInt16, remote: UInt16)) {
        let local = addresses.local + ":" + Self.digits(ports.local, 4)
        let remote = addresses.remote + ":" + Self.digits(ports.remote, 4)
        wanted = Array("\(local) \(remote) ".utf8)
    }

    /// Two addresses as the list writes them: every four bytes as one hexadecimal number in this machine's byte order.
    static func words(_ local: [UInt8], _ remote: [UInt8]) -> (local: String, remote: String) {
        func text(_ address: [UInt8]) -> String {
            stride(from: 0, to: address.count, by: 4).map { start in
                let number = address[start..<start + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                return digits(UInt32(littleEndian: number), 8)
            }.joined()
        }
        return (text(local), text(remote))
    }

    /// Reads the next piece.
    mutating func take(_ bytes: some Sequence<UInt8>) {
        rest += bytes
        var start = rest.startIndex
        while !isDone, let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
            owner = owner(in: rest[start..<end])
            isDone = owner != nil
            start = end + 1
        }
        rest.removeSubrange(..<start)
        isDone = isDone || rest.count > Self.longestLine
    }

    /// The owner in a line, if the line is that of the wanted socket.
    private func owner(in line: ArraySlice<UInt8>) -> SocketOwner? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), line[colon...].dropFirst(2).starts(with: wanted)
        else { return nil }
        // sl local_address rem_address st queues timer retransmits uid timeout inode
        let fields = line.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
        guard fields.count > 9, let state = UInt8(fields[3], radix: 16), let user = UInt32(fields[7]),
            let inode = UInt64(fields[9])
        else { return nil }
        return SocketOwner(user: user, state: state, isHeld: inode != 0)
    }

    private static func digits(_ number: some BinaryInteger, _ count: Int) -> String {
        let digits = String(number, radix: 16, uppercase: true)
        return String(repeating: "0", count: count - digits.count) + digits
    }
}
