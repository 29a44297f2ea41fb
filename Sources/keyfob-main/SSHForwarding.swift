import OAuth

/// Forwards a port from the user's own machine, where the browser is, to a listener on this machine.
enum SSHForwarding {
    /// The command for the user's own machine: `ssh -L 4321:127.0.0.1:4321 192.0.2.7`. nil if nothing listens, or this
    /// is not an ssh session.
    ///
    /// - Parameter connection: `SSH_CONNECTION` (ssh(1)): address and port of the client, then of the server.
    static func command(for pending: PendingLogin, connection: String?) -> String? {
        let words = (connection ?? "").split(separator: " ")
        // The user copies it into a shell, so only an address is accepted here.
        guard let port = pending.port, words.count == 4, !words[2].hasPrefix("-"),
            words[2].utf8.allSatisfy({ isAddressByte($0) }), let serverPort = UInt16(words[3])
        else { return nil }
        let elsewhere = serverPort == 22 ? "" : "-p \(serverPort) "
        return "ssh \(elsewhere)-L \(port):\(listener(of: pending)):\(port) \(words[2])"
    }

    private static func listener(of pending: PendingLogin) -> String {
        pending.redirectURI.hasPrefix("http://[::1]") ? "[::1]" : "127.0.0.1"
    }

    /// A byte of an IPv4 address, an IPv6 address or its zone.
    private static func isAddressByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "%"),
            UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
