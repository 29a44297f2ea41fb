import Addresses
import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// Fetches the certificate of a server again after TLS has rejected it, to tell the user what is wrong with it.
/// BoringSSL reports only that the verification failed.
///
/// This handshake always fails too, so nothing is ever sent.
enum CertificateDiagnosis {
    /// The maximum time for the diagnosis.
    private static let deadline = TimeAmount.seconds(5)

    /// Returns what is wrong with the certificate that the server at `address` presents for `host`.
    static func distrust(
        of host: String, at address: String, port: Int, on group: any EventLoopGroup
    ) async -> Distrust {
        guard let certificate = try? await certificate(of: host, at: address, port: port, on: group) else {
            return .handshakeFailed
        }
        let now = time(nil)
        if certificate.notValidAfter < now { return .expired }
        if certificate.notValidBefore > now { return .notYetValid }
        return (try? isSelfIssued(certificate.toDERBytes())) == true ? .selfSigned : .unknownAuthority
    }

    /// The server's own certificate; nil if it sent none.
    private static func certificate(
        of host: String, at address: String, port: Int, on group: any EventLoopGroup
    ) async throws -> NIOSSLCertificate? {
        let context = try NIOSSLContext(configuration: .makeClientConfiguration())
        let shown = Mutex<NIOSSLCertificate?>(nil)
        let channel = try await ClientBootstrap(group: group).connectTimeout(deadline)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let name = HostName.address(host) == nil ? host : nil
                    let refuse: NIOSSLCustomVerificationCallback = { chain, verdict in
                        shown.withLock { $0 = chain.first }
                        verdict.succeed(.failed)
                    }
                    let handler = try NIOSSLClientHandler(
                        context: context, serverHostname: name, customVerificationCallback: refuse)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .connect(host: address, port: port).get()
        // Limits the time if the server does not answer.
        channel.eventLoop.scheduleTask(in: deadline) { channel.close(promise: nil) }
        try? await channel.closeFuture.get()
        return shown.withLock { $0 }
    }

    /// Whether issuer and subject are equal (RFC 5280 section 4.1).
    private static func isSelfIssued(_ certificate: [UInt8]) -> Bool {
        guard let outer = DERElement(certificate[...]), let signed = DERElement(outer.content) else { return false }
        var fields = signed.elements
        if fields.first?.tag == 0xA0 { fields.removeFirst() }  // the version, which is optional
        // serialNumber, signature, issuer, validity, subject
        return fields.count > 4 && fields[2].content == fields[4].content
    }
}

/// A tag, a length and a content in DER (X.690 section 8.1).
private struct DERElement {
    let tag: UInt8
    let content: ArraySlice<UInt8>

    /// Reads the first element of `bytes`; nil if there is none.
    init?(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        guard let tag = rest.popFirst(), let first = rest.popFirst() else { return nil }
        var length = Int(first)
        if first >= 0x80 {
            guard (0x81...0x84).contains(first), rest.count >= Int(first & 0x7F) else { return nil }
            length = rest.prefix(Int(first & 0x7F)).reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(Int(first & 0x7F))
        }
        guard rest.count >= length else { return nil }
        self.tag = tag
        content = rest.prefix(length)
    }

    /// The elements in the content.
    var elements: [DERElement] {
        var (elements, rest) = ([DERElement](), content)
        while let element = DERElement(rest) {
            elements.append(element)
            rest = rest[element.content.endIndex...]
        }
        return elements
    }
}
