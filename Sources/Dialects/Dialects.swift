/// The callers that keyfob supports, besides git and the callers that use the line protocol.
package enum Dialects {
    package static let all: [any CallerDialect.Type] = [
        DockerDialect.self, KubernetesDialect.self, CargoDialect.self, BazelDialect.self, GoDialect.self,
        KeyringDialect.self, TerraformDialect.self, VaultDialect.self, PnpmDialect.self, GoogleDialect.self,
        HeadersDialect.self,
    ]

    /// Returns the dialect for the option `--dialect`; nil for an unknown name.
    package static func named(_ name: String) -> (any CallerDialect.Type)? {
        all.first { $0.name == name }
    }

    /// Returns the dialect for a program name, for example `docker-credential-keyfob`. The name may include
    /// directories.
    package static func spoken(by executable: String) -> (any CallerDialect.Type)? {
        guard let name = executable.split(separator: "/").last.map(String.init) else { return nil }
        return all.first { $0.executables.contains(name) }
    }

    /// The program names of all dialects.
    package static var executables: [String] { all.flatMap { $0.executables } }
}
