import NIOCore
package import NIOSSL

/// What a server shows and proves with in a TLS handshake (RFC 8446 section 4.4): a certificate, those that lead from it
/// to an authority, and its key.
package struct ServerCertificate: Sendable {
    let chain: [NIOSSLCertificate]
    let key: NIOSSLPrivateKey

    /// - Parameters:
    ///   - chainFile: PEM, the server's own certificate first.
    ///   - keyFile: PEM, without a passphrase.
    package init(chainFile: String, keyFile: String) throws {
        chain = try NIOSSLCertificate.fromPEMFile(chainFile)
        key = try NIOSSLPrivateKey(file: keyFile, format: .pem)
    }

    /// A server that shows this certificate; and, from then on, in each handshake the one that `current` gives, if any.
    package func configuration(
        current: @escaping @Sendable () -> ServerCertificate? = { nil }
    ) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.sslContextCallback = { _, promise in
            var change = NIOSSLContextConfigurationOverride.noChanges
            if let certificate = current() {
                change.certificateChain = certificate.chain.map { .certificate($0) }
                change.privateKey = .privateKey(certificate.key)
            }
            promise.succeed(change)
        }
        return configuration
    }
}
