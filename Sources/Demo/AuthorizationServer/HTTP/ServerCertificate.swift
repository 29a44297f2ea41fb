import NIOCore
package import NIOSSL

/// The credentials of a server for a TLS handshake (RFC 8446 section 4.4): its certificate, the intermediate
/// certificates up to an authority, and its key.
package struct ServerCertificate: Sendable {
    let chain: [NIOSSLCertificate]
    let key: NIOSSLPrivateKey

    /// - Parameters:
    ///   - chainFile: a PEM file that begins with the server's own certificate.
    ///   - keyFile: a PEM file without a passphrase.
    package init(chainFile: String, keyFile: String) throws {
        chain = try NIOSSLCertificate.fromPEMFile(chainFile)
        key = try NIOSSLPrivateKey(file: keyFile, format: .pem)
    }

    /// A server configuration with this certificate. If `current` returns a certificate at a handshake, that one is
    /// used.
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
