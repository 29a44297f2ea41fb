import FoundationEssentials
import NIOSSL
import Subprocess

/// A certificate made for one test, which no authority has signed.
struct TestCertificate {
    /// The PEM file of the certificate, to be trusted or not.
    let file: String
    /// For the server.
    let context: NIOSSLContext

    /// Makes one for `subject` (as in subjectAltName: `IP:127.0.0.1` or `DNS:a.example`), lends it, and removes it.
    static func lend<Value>(
        for subject: String, _ body: (TestCertificate) async throws -> Value
    ) async throws -> Value {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("keyfob-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let (certificate, key) = (directory.path + "/certificate.pem", directory.path + "/key.pem")
        _ = try await Subprocess.run(
            .name("openssl"),
            arguments: [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=keyfob test", "-addext", "subjectAltName=\(subject)", "-keyout", key, "-out", certificate,
            ], output: .discarded, error: .discarded)
        let context = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))))
        return try await body(TestCertificate(file: certificate, context: context))
    }
}
