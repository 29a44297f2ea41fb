import Addresses
import CredentialProtocol

/// The settings that count for a service, and the source of each: `keyfob config URL`.
package struct EffectiveSettings: Encodable {
    package let service: String
    /// How discovery found the authorization server; empty if the configuration names it.
    package let steps: [String]
    /// By the name of the key. Without an issuer, the value of `issuer` is the token endpoint.
    package let settings: [String: Setting]
    /// Further facts about the host.
    package let notes: [String]
    /// The settings in the order of the documentation.
    package let rows: [Row]

    /// One setting.
    package struct Setting: Encodable, Equatable {
        /// nil: none, or not chosen yet.
        package var value: String?
        package var source: SettingOrigin
        /// The file and the line in it, if ``source`` is `file`.
        package var file: String?
        package var line: Int?
    }

    /// One setting for users.
    package struct Row {
        package let label: String
        /// The words if there is no value. Without them the setting is shown only if something sets it.
        package let absent: String?
        package let setting: Setting
    }

    private enum CodingKeys: CodingKey { case service, steps, settings, notes }

    /// - Parameters:
    ///   - host: the entry of the files.
    ///   - finding: the result of discovery, if it was needed.
    package init(
        for account: Account, in configuration: Configuration, as host: Configuration.Host?,
        found finding: ServerFinder.Finding?
    ) {
        func shown<Section>(_ keys: [ConfigurationKey<Section>], in section: Section?) -> [(String, Row)] {
            keys.map { key in
                let setting = Self.setting(key, in: section, for: account, isFound: finding != nil)
                return (
                    key.name,
                    Row(
                        label: key.label, absent: key.display.absentAt?(account) ?? key.display.absent, setting: setting
                    )
                )
            }
        }
        let named = shown(Configuration.Host.keys, in: host) + shown(Configuration.keys, in: configuration)
        service = account.service.description
        steps = (finding?.steps ?? []).map(Self.words)
        rows = named.map(\.1)
        settings = Dictionary(uniqueKeysWithValues: named.map { ($0, $1.setting) })
        let nearness = account.reach == .privateNetworks ? ["the authorization server is in a private network"] : []
        notes = nearness + (account.provider?.quirks ?? [])
    }

    private static func setting<Section>(
        _ key: ConfigurationKey<Section>, in section: Section?, for account: Account, isFound: Bool
    ) -> Setting {
        let written = section.flatMap(key.value)?.description
        let value = if let effective = key.display.effective { effective(account) } else { written }
        let source =
            section?.sources[key.name] ?? (key.name == "issuer" ? section?.sources["token_endpoint"] : nil)
        if let source { return Setting(value: value, source: .file, file: source.file, line: source.line) }
        var possible: Set<SettingOrigin> = isFound ? [.discovery] : []
        if value != nil, account.provider != nil { possible = [.knownHost] }
        if value != nil, account.isFromGit { possible = [.git] }
        if value == nil, let standard = key.display.standard?(account) {
            return Setting(value: standard, source: .nobody)
        }
        return Setting(value: value, source: possible.intersection(key.display.setters).first ?? .nobody)
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
