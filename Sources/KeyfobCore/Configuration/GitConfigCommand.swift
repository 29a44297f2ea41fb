package import CredentialProtocol
package import OAuth
import Subprocess
import SystemPackage

/// Asks git for its settings about a URL.
package struct GitConfigCommand: Sendable {
    let search: ExecutableSearch
    let tracer: Tracer

    package init(search: ExecutableSearch, tracer: Tracer = .none) {
        (self.search, self.tracer) = (search, tracer)
    }

    /// git's settings for `request`; nil where there is no git, or git cannot say.
    package func settings(for request: CredentialRequest) async -> GitSettings? {
        guard let url = request.url else { return nil }
        return await ask(about: "credential", of: url.description).map { GitSettings(output: $0) }
    }

    /// How git would reach `url`. git is not asked about loopback hosts, which need no proxy.
    ///
    /// - Parameters:
    ///   - environment: as in ``GitNetworkSettings/init(output:environment:)``.
    ///   - inRepository: whether the settings of the repository one stands in count: only if it is git that asks. A token
    ///     that somebody else asks for must not take the way that a directory of unknown origin says.
    package func network(
        for url: EndpointURL, environment: [String: String], inRepository: Bool
    ) async -> GitNetworkSettings {
        guard !url.isLoopback else { return GitNetworkSettings(environment: environment) }
        let output = await ask(about: "http", of: url.origin + url.path, elsewhere: !inRepository)
        return GitNetworkSettings(output: output, environment: environment)
    }

    /// Which git that is; nil where there is none, or it does not say.
    package func version() async -> GitVersion? {
        await ask(["--version"]).flatMap { GitVersion(String(decoding: $0, as: UTF8.self)) }
    }

    /// The helpers that git asks for `service`, here and now; nil: for every service. Without a git there are none.
    package func helpers(for service: ServiceURL?) async -> HelperChain {
        let settings = ["config", "-z", "--show-origin", "--get-regexp", #"^credential\.(.*\.)?helper$"#]
        return HelperChain(await ask(settings) ?? [], for: service)
    }

    /// The URLs for which git's settings name a client, as git-credential-oauth's do, in their order.
    package func servicesWithClients() async -> [String] {
        let name = (before: "credential.", after: ".oauthclientid")
        let output = await ask(["config", "-z", "--name-only", "--get-regexp", "^credential\\..*\\.oauthclientid$"])
        return (output ?? []).split(separator: 0).compactMap { entry in
            let setting = String(decoding: entry, as: UTF8.self)
            guard setting.hasPrefix(name.before), setting.hasSuffix(name.after) else { return nil }
            return String(setting.dropFirst(name.before.count).dropLast(name.after.count))
        }
    }

    /// What git prints of a section's settings for a URL; nil where there is no git, or git cannot say.
    private func ask(about section: String, of url: String, elsewhere: Bool = false) async -> [UInt8]? {
        await ask((elsewhere ? ["-C", "/"] : []) + ["config", "-z", "--get-urlmatch", section, url])
    }

    /// What git prints; nil where there is no git, or it cannot say.
    private func ask(_ arguments: [String]) async -> [UInt8]? {
        guard let git = search.path(of: "git") else { return nil }
        let result = try? await run(
            .path(FilePath(git)), arguments: Arguments(arguments), output: .bytes(limit: 262_144), error: .discarded)
        tracer.note("git: answered \(result?.standardOutput.count ?? 0) bytes")
        return result?.standardOutput
    }
}
