import Addresses
import NIOCore
import NIOSSL

/// The names in a server's certificate, compared with the host in the URL (RFC 9110 section 4.3.4, RFC 9525 section 6).
///
/// swift-nio-ssl compares the addresses in a certificate with the peer of the connection, whatever the URL says: it accepts a
/// certificate for 192.0.2.1 for each name that leads there, and through a proxy one for the proxy's address. So keyfob
/// compares the names again, before it sends anything.
enum CertificateNames {
    /// Checks the certificate that the server of a new connection has shown for `host`.
    ///
    /// - Returns: a future that fails with `failedToValidateHostname`; the connection is then closed.
    static func check(_ channel: any Channel, for host: String) -> EventLoopFuture<Void> {
        channel.nioSSL_peerCertificate().flatMapThrowing { certificate in
            guard let certificate, covers(certificate, host) else { throw NIOSSLExtraError.failedToValidateHostname }
        }.flatMapErrorWithEventLoop { error, loop in
            channel.close(promise: nil)
            return loop.makeFailedFuture(error)
        }
    }

    /// Whether `certificate` is for `host`, which is written as in a URL.
    ///
    /// A certificate without alternative names is left to swift-nio-ssl, which then reads the common name, as OpenSSL does:
    /// company networks have such certificates.
    static func covers(_ certificate: NIOSSLCertificate, _ host: String) -> Bool {
        let names = certificate._subjectAlternativeNames()
        if let address = HostName.bytes(host) {
            return names.contains { $0.nameType == .ipAddress && $0.contents.elementsEqual(address) }
        }
        return names.isEmpty
            || names.contains { $0.nameType == .dnsName && covers(pattern: Array($0.contents), host) }
    }

    /// Whether a name of a certificate covers a host. A wildcard stands for one whole label, the first one.
    static func covers(pattern: [UInt8], _ host: String) -> Bool {
        func labels(_ name: [UInt8]) -> [[UInt8]] {
            let name = name.last == UInt8(ascii: ".") ? name.dropLast() : name[...]
            return name.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
                .split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map { Array($0) }
        }
        var (pattern, host) = (labels(pattern), labels(Array(host.utf8)))
        if pattern.count > 2, host.count > 2, pattern[0] == [UInt8(ascii: "*")], !host[0].isEmpty {
            pattern.removeFirst()
            host.removeFirst()
        }
        return pattern == host && !pattern.contains { $0.isEmpty || $0.contains(UInt8(ascii: "*")) }
    }
}
