import Addresses
package import AuthorizationServer
import FoundationEssentials
package import NIOSSL
import Subprocess

/// A certificate made for one test, and its key.
package struct TestCertificate: Sendable {
    /// The PEM file of the certificate, which a test may trust or not.
    package let file: String
    /// The PEM file of its key.
    package let keyFile: String

    /// The certificate for an ``AuthorizationServer``: `configuration.certificate = try certificate.server`.
    package var server: ServerCertificate {
        get throws { try ServerCertificate(chainFile: file, keyFile: keyFile) }
    }

    /// The TLS context for any other server.
    package var context: NIOSSLContext {
        get throws { try NIOSSLContext(configuration: try server.configuration()) }
    }

    /// Creates a self-signed certificate for `subject` (as in subjectAltName: `IP:127.0.0.1` or `DNS:a.example`),
    /// passes it to `body`, and removes it.
    package static func lend<Value>(
        for subject: String, _ body: (TestCertificate) async throws -> Value
    ) async throws -> Value {
        try await TestAuthority.inDirectory { directory in
            try await body(try await TestAuthority.selfSigned(for: subject, in: directory))
        }
    }
}

/// A certificate authority for one test, and the certificates that it signs.
///
/// ```swift
/// try await TestAuthority.lend { authority in
///     configuration.certificate = try await authority.certificate(.good).server
///     // ca_file = "\(authority.file)" in config.toml, or SSL_CERT_FILE in the environment; the tests' browser also
///     // reads the variable
/// }
/// ```
package struct TestAuthority: Sendable {
    /// The validity of a certificate. All but ``wrongName`` are for 127.0.0.1.
    package enum Kind: String, Sendable, CaseIterable {
        case good, expired, wrongName, selfSigned
    }

    /// openssl ended with an error.
    package struct Failure: Error {
        package var standardError: String
    }

    /// The PEM file of the authority's own certificate; a client that trusts it trusts all certificates that it signs.
    package var file: String { directory + "/authority.pem" }

    private let directory: String

    private static let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

    /// Creates an authority, passes it to `body`, and removes it with all its certificates.
    package static func lend<Value>(_ body: (TestAuthority) async throws -> Value) async throws -> Value {
        try await inDirectory { directory in
            let authority = TestAuthority(directory: directory)
            try await openssl(
                ["req", "-x509"] + newKey + [
                    "-days", "2", "-subj", "/CN=keyfob test authority", "-keyout", directory + "/authority.key", "-out",
                    authority.file,
                ])
            return try await body(authority)
        }
    }

    /// A new certificate with its own key.
    package func certificate(_ kind: Kind) async throws -> TestCertificate {
        switch kind {
        case .good: return try await signed(kind, "IP:127.0.0.1", ["-days", "2"])
        case .wrongName: return try await signed(kind, "DNS:other.example", ["-days", "2"])
        case .selfSigned: return try await Self.selfSigned(for: "IP:127.0.0.1", in: directory)
        case .expired:
            do {
                return try await signed(kind, "IP:127.0.0.1", ["-days", "-1"])
            } catch is Failure {
                // Since OpenSSL 3.4 an end date before the start date is refused, but both dates can be given.
                return try await signed(
                    kind, "IP:127.0.0.1", ["-not_before", "20200101000000Z", "-not_after", "20200102000000Z"])
            }
        }
    }

    private func signed(_ kind: Kind, _ subject: String, _ life: [String]) async throws -> TestCertificate {
        let name = "\(directory)/\(kind.rawValue)"
        let certificate = TestCertificate(file: name + ".pem", keyFile: name + ".key")
        try await Self.openssl(
            ["req", "-new"] + Self.newKey + [
                "-subj", "/CN=keyfob test", "-addext", "subjectAltName=\(subject)", "-keyout", certificate.keyFile,
                "-out",
                name + ".csr",
            ])
        try await Self.openssl(
            [
                "x509", "-req", "-in", name + ".csr", "-CA", file, "-CAkey", directory + "/authority.key",
                "-set_serial", "2", "-copy_extensions", "copy", "-out", certificate.file,
            ] + life)
        return certificate
    }

    fileprivate static func selfSigned(for subject: String, in directory: String) async throws -> TestCertificate {
        let certificate = TestCertificate(file: directory + "/own.pem", keyFile: directory + "/own.key")
        try await openssl(
            ["req", "-x509"] + newKey + [
                "-days", "2", "-subj", "/CN=keyfob test", "-addext", "subjectAltName=\(subject)", "-keyout",
                certificate.keyFile, "-out", certificate.file,
            ])
        return certificate
    }

    fileprivate static func inDirectory<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("keyfob-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        return try await body(directory.path)
    }

    private static func openssl(_ arguments: [String]) async throws {
        let result = try await Subprocess.run(
            .name("openssl"), arguments: Arguments(arguments), output: .discarded, error: .string(limit: 1 << 16))
        guard result.terminationStatus.isSuccess else { throw Failure(standardError: result.standardError) }
    }
}
