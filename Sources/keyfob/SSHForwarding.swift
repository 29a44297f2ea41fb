import OAuth

/// The way from a browser on the person's own machine to a listener on the machine that they are logged in to.
enum SSHForwarding {
    /// The command to be typed on the other machine, ready to be copied: `ssh -L 4321:127.0.0.1:4321 192.0.2.7`. nil
    /// where nothing listens, or this is no session over ssh.
    ///
    /// - Parameter connection: `SSH_CONNECTION` (ssh(1)): address and port of the client, then of the server.
    static func command(for pending: PendingLogin, connection: String?) -> String? {
        let words = (connection ?? "").split(separator: " ")
        // Copied into a shell: nothing but an address may stand there.
        guard let port = pending.port, words.count == 4, !words[2].hasPrefix("-"),
            words[2].utf8.allSatisfy({ isAddressByte($0) }), let serverPort = UInt16(words[3])
        else { return nil }
        let elsewhere = serverPort == 22 ? "" : "-p \(serverPort) "
        return "ssh \(elsewhere)-L \(port):\(listener(of: pending)):\(port) \(words[2])"
    }

    private static func listener(of pending: PendingLogin) -> String {
        pending.redirectURI.hasPrefix("http://[::1]") ? "[::1]" : "127.0.0.1"
    }

    /// Of IPv4, of IPv6 and of its zones.
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
