package import CredentialProtocol

/// The dialects that keyfob supports.
package enum Dialects {
    /// The dialects of single callers.
    package static let callers: [any Dialect.Type] = [
        DockerDialect.self, KubernetesDialect.self, CargoDialect.self, BazelDialect.self, GoDialect.self,
        KeyringDialect.self, TerraformDialect.self, VaultDialect.self, PnpmDialect.self, GoogleDialect.self,
        HeadersDialect.self,
    ]

    package static let all: [any Dialect.Type] = [LineDialect.self, GitDialect.self] + callers

    /// Returns the dialect for the option `--dialect`; nil for an unknown name.
    package static func named(_ name: String) -> (any Dialect.Type)? {
        all.first { $0.name == name }
    }

    /// Returns the dialect for a program name, for example `docker-credential-keyfob`. The name may include
    /// directories.
    package static func spoken(by executable: String) -> (any Dialect.Type)? {
        guard let name = executable.split(separator: "/").last.map(String.init) else { return nil }
        return all.first { $0.executables.contains(name) }
    }

    /// The program names of the single callers.
    package static var executables: [String] { callers.flatMap { $0.executables } }
}
