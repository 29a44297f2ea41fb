/// The callers that keyfob speaks with, besides git and those that speak the line protocol.
package enum Dialects {
    package static let all: [any CallerDialect.Type] = [
        DockerDialect.self, KubernetesDialect.self, CargoDialect.self, BazelDialect.self, GoDialect.self,
        KeyringDialect.self, TerraformDialect.self, VaultDialect.self, PnpmDialect.self, GoogleDialect.self,
        HeadersDialect.self,
    ]

    /// The dialect behind `--dialect`.
    package static func named(_ name: String) -> (any CallerDialect.Type)? {
        all.first { $0.name == name }
    }

    /// The dialect of a program's name, `docker-credential-keyfob` for example.
    package static func spoken(by executable: String) -> (any CallerDialect.Type)? {
        all.first { $0.executables.contains(executable) }
    }
}
