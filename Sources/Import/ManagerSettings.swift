package import Addresses
package import KeyfobCore
import Secrets

/// A setting of Git Credential Manager in git's configuration, and whether it counts for keyfob too.
///
/// The names are those of its documentation (git-ecosystem/git-credential-manager, `docs/configuration.md` and
/// `docs/generic-oauth.md`).
package struct ManagerSetting: Sendable, Equatable {
    /// As git prints it, the last word as in the documentation: `credential.https://git.example.com.oauthClientId`.
    package var name: String
    package var use: Use

    package enum Use: Sendable, Equatable {
        case counts
        /// It is about a client that lacks its id or an endpoint.
        case incomplete
        /// keyfob cannot use the value, or another setting has priority.
        case overruled
        /// Its value is an error: each `get` for the URL ends with it.
        case refused(ConfigurationError)
        /// The setting of that name beside it is refused.
        case blocked(by: String)
        /// keyfob's own configuration has the service, and takes its place.
        case configured
        /// Git Credential Manager accepts a host without a scheme before it, git and keyfob do not.
        case withoutScheme
        /// The URL is not that of a service.
        case noService
        /// keyfob reads no such setting.
        case unread(instead: Replacement?)
    }

    /// The setting that does the same for keyfob.
    package enum Replacement: Sendable, Equatable {
        /// A key of keyfob's configuration.
        case key(String)
        /// A key of a service in keyfob's configuration.
        case hostKey(String)
        /// Another setting of git.
        case git(String)
        /// A variable in the environment.
        case variable(String)
    }
}

/// All settings of Git Credential Manager that the user has.
package struct ManagerSettings: Sendable {
    /// The settings with which it signs in at servers that it does not know.
    private static let generic = [
        "oauthClientId", "oauthClientSecret", "oauthRedirectUri", "oauthScopes", "oauthAuthorizeEndpoint",
        "oauthTokenEndpoint", "oauthDeviceEndpoint", "oauthDefaultUserName", "oauthUseClientAuthHeader",
        "oauthResponseMode",
    ]

    /// The other ones, with the setting that does the same for keyfob.
    private static let others: [(name: String, instead: ManagerSetting.Replacement?)] = [
        ("provider", .hostKey("provider")), ("authority", .hostKey("provider")),
        ("oauthAuthModes", .hostKey("flow")), ("gitHubAuthModes", .hostKey("flow")),
        ("gitLabAuthModes", .hostKey("flow")), ("bitbucketAuthModes", .hostKey("flow")),
        ("msauthFlow", .hostKey("flow")), ("gitHubAccountFiltering", .hostKey("account")),
        ("bitbucketDataCenterOAuthClientId", .hostKey("client_id")),
        ("bitbucketDataCenterOAuthClientSecret", nil),
        ("credentialStore", .key("store")), ("cacheOptions", .key("store")), ("plaintextStorePath", .key("store")),
        ("gpgPassStorePath", .key("store")), ("dpapiStorePath", .key("store")),
        ("httpProxy", .git("http.proxy")), ("httpsProxy", .git("http.proxy")),
        ("guiPrompt", .variable("KEYFOB_INTERACTION")), ("trace", .variable("KEYFOB_TRACE")), ("traceSecrets", nil),
        ("traceMsAuth", nil), ("debug", nil), ("guiSoftwareRendering", nil), ("namespace", nil),
        ("autoDetectTimeout", nil), ("allowWindowsAuth", nil), ("allowUnsafeRemotes", nil),
        ("bitbucketAlwaysRefreshCredentials", nil), ("bitbucketValidateStoredCredentials", nil),
        ("msauthUseBroker", nil), ("msauthUseDefaultAccount", nil), ("azreposCredentialType", nil),
        ("azreposManagedIdentity", nil), ("azreposServicePrincipal", nil), ("azreposServicePrincipalSecret", nil),
        ("azreposServicePrincipalCertificateThumbprint", nil),
        ("azreposServicePrincipalCertificateSendX5C", nil),
    ]

    /// git's own setting, which it documents too.
    private static let interactive = "interactive"

    let isConfigured: @Sendable (ServiceURL) throws -> Bool
    let settings: @Sendable (ServiceURL) throws -> GitSettings?

    /// - Parameters:
    ///   - isConfigured: whether keyfob's configuration names the authorization server of a service.
    ///   - settings: git's settings for a URL; nil if git is not installed.
    package init(
        isConfigured: @escaping @Sendable (ServiceURL) throws -> Bool,
        settings: @escaping @Sendable (ServiceURL) throws -> GitSettings?
    ) {
        (self.isConfigured, self.settings) = (isConfigured, settings)
    }

    /// The settings of Git Credential Manager among `names`, each once, in their order.
    ///
    /// - Parameter names: all settings `credential.*` of the user, as git prints them.
    /// - Throws: ``ConfigurationError`` if git does not tell its settings for a URL.
    package func all(among names: [String]) throws -> [ManagerSetting] {
        var found: [ManagerSetting] = []
        for name in names {
            guard let written = try setting(name), !found.contains(where: { $0.name == written.name }) else { continue }
            found.append(written)
        }
        return found
    }

    /// - Parameter name: `credential.KEY` or `credential.URL.KEY`.
    private func setting(_ name: String) throws -> ManagerSetting? {
        guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")), name.utf8.starts(with: "credential.".utf8)
        else { return nil }
        let place = name.utf8.index(name.startIndex, offsetBy: "credential.".utf8.count)
        let url = place <= dot ? String(name[place..<dot]) : nil
        let key = String(name[name.utf8.index(after: dot)...])
        func like(_ known: String) -> Bool { known.lowercased() == key }
        if let written = Self.generic.first(where: like) {
            return ManagerSetting(name: Self.name(url, written), use: try use(ofClient: key, url))
        }
        if like(Self.interactive) {
            return ManagerSetting(name: Self.name(url, Self.interactive), use: service(url).use ?? .counts)
        }
        guard let (written, instead) = Self.others.first(where: { like($0.name) }) else { return nil }
        return ManagerSetting(name: Self.name(url, written), use: .unread(instead: instead))
    }

    private static func name(_ url: String?, _ key: String) -> String {
        "credential." + (url.map { $0 + "." } ?? "") + key
    }

    /// Whether a setting about a client counts. The functions that answer `get` decide.
    private func use(ofClient key: String, _ url: String?) throws -> ManagerSetting.Use {
        guard let service = service(url).url else { return service(url).use ?? .noService }
        if try url != nil && isConfigured(service) { return .configured }
        guard let settings = try settings(service) else { return .incomplete }
        do throws(ConfigurationError) {
            guard let client = try settings.oauth(for: service) else { return .incomplete }
            return client.names.contains(key) ? .counts : .overruled
        } catch {
            guard let wrong = error.key?.parts(at: ".").last, wrong.asciiLowercased != key else {
                return .refused(error)
            }
            return .blocked(by: String(wrong))
        }
    }

    /// The service of a setting, or why there is none. Any service stands for a setting without a URL, and any label for
    /// an asterisk.
    private func service(_ url: String?) -> (url: ServiceURL?, use: ManagerSetting.Use?) {
        let text = (url ?? "https://any.example").split(separator: "*", omittingEmptySubsequences: false)
        let any = text.joined(separator: "any")
        guard any.utf8.firstRange(of: "://".utf8) != nil else { return (nil, .withoutScheme) }
        guard let service = try? ServiceURL(any), service.scheme == "https" || service.isLoopback else {
            return (nil, .noService)
        }
        return (service, nil)
    }
}
