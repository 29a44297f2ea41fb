import Console
import CredentialProtocol
import KeyfobCore
import OAuth

/// The settings for a service and their sources: `keyfob config URL`.
struct EffectiveSettings: Encodable {
    let service: String
    /// How keyfob found the authorization server, if it is not configured.
    let steps: [String]
    /// By the configuration key that sets them. `issuer` is used even if a `token_endpoint` is configured instead.
    let settings: [String: Setting]
    /// Further facts about a known host.
    let notes: [String]

    /// One setting.
    struct Setting: Encodable {
        /// nil if there is no value or it is not decided yet.
        var value: String?
        var source: Source
        /// If `source` is `file`.
        var file: String?
        /// The line in the file.
        var line: Int?
    }

    enum Source: String, Encodable {
        case file, discovery, git
        case knownHost = "known-host"
        case nobody = "default"
    }

    /// - Parameters:
    ///   - host: the entry in the files.
    ///   - finding: the result of discovery, if it was needed.
    init(for account: Account, as host: Configuration.Host?, found finding: ServerFinder.Finding?) {
        let known: Source? = account.provider == nil ? nil : .knownHost
        let found: Source? = finding == nil ? known : known ?? .discovery
        let fromGit: Source? = host == nil && finding == nil ? .git : nil

        func setting(_ key: String, _ value: String?, otherwise source: Source?) -> Setting {
            let written = host?.sources[key]
            return Setting(
                value: value, source: written == nil ? source ?? .nobody : .file, file: written?.file,
                line: written?.line)
        }
        service = account.service.description
        steps = (finding?.steps ?? []).map(Self.words)
        let nearness = account.reach == .privateNetworks ? ["the authorization server is in a private network"] : []
        let others = account.endpointHosts
        let agreed = others.isEmpty ? [] : ["it may have endpoints on " + others.joined(separator: ", ")]
        notes = nearness + agreed + (account.provider?.quirks ?? [])
        let server = host?.sources["issuer"] == nil && host?.sources["token_endpoint"] != nil
        settings = [
            "issuer": setting(
                server ? "token_endpoint" : "issuer", account.server.identifier, otherwise: found ?? fromGit),
            "client_id": setting("client_id", account.client?.id, otherwise: fromGit),
            "scopes": setting(
                "scopes", account.scopes.isEmpty ? nil : account.scopes.joined(separator: " "),
                otherwise: found ?? fromGit),
            "resource": setting("resource", account.resource, otherwise: finding.map { _ in .discovery }),
            "flow": setting("flow", account.flow?.rawValue, otherwise: nil),
            "username": setting("username", account.username, otherwise: known ?? fromGit),
            "account": setting("account", account.name, otherwise: nil),
            "pkce": setting("pkce", account.pkce.rawValue, otherwise: known ?? fromGit),
        ]
    }

    /// For people: the name of a setting, and the text if it has no value.
    private static let names = [
        ("issuer", "authorization server", ""),
        ("client_id", "client", "keyfob's own registration"), ("scopes", "scopes", "none"),
        ("resource", "resource", "none"), ("flow", "flow", "chosen automatically"),
        ("username", "user name beside the token", "oauth2"), ("account", "account", "the only one"),
        ("pkce", "pkce", ""),
    ]

    var lines: [String] {
        var lines = ["service: " + Messages.printable(service)] + steps.map { "step: " + Messages.printable($0) }
        for (key, name, absent) in Self.names {
            guard let setting = settings[key] else { continue }
            lines.append("\(name): \(Messages.printable(setting.value ?? absent))  (\(Self.words(setting)))")
        }
        return lines + notes.map { "note: " + Messages.printable($0) }
    }

    static func words(_ setting: Setting) -> String {
        switch setting.source {
        case .file: Messages.printable(setting.file ?? "") + (setting.line.map { ":\($0)" } ?? "")
        case .discovery: "discovery"
        case .knownHost: "what is known of this host"
        case .git: "git's settings"
        case .nobody: "default"
        }
    }

    private static func words(_ step: ServerFinder.Step) -> String {
        switch step {
        case .knownHost(let name): "keyfob knows this host: \(name)"
        case .challenge(let metadata, let scope):
            "the service asks for a Bearer token" + (metadata.map { ", its metadata are at \($0)" } ?? "")
                + (scope.map { ", with the scopes " + $0.joined(separator: " ") } ?? "")
        case .noChallenge: "the service asks for no Bearer token by itself"
        case .resourceMetadata(let resource, let servers):
            "the metadata of \(resource) name " + servers.joined(separator: ", ")
        case .noResourceMetadata: "the service publishes no metadata (RFC 9728)"
        case .ownIssuer(let issuer): "the service's own origin is an issuer: \(issuer)"
        }
    }
}
