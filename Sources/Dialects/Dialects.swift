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

    /// The dialect of the name by which a program was called, `docker-credential-keyfob` for example, perhaps with
    /// directories before it.
    package static func spoken(by executable: String) -> (any CallerDialect.Type)? {
        guard let name = executable.split(separator: "/").last.map(String.init) else { return nil }
        return all.first { $0.executables.contains(name) }
    }

    /// The names of all of them.
    package static var executables: [String] { all.flatMap { $0.executables } }
}
