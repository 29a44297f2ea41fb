package import CredentialProtocol
package import OAuth
import Secrets

/// What git's configuration says about one URL: the settings `credential.<url>.*`, each the best match.
///
/// Read with one `git config -z --get-urlmatch credential URL`; ``GitConfigCommand`` says whose settings are read.
package struct GitSettings: Sendable {
    /// Setting to value, the names in lower case and without `credential.`.
    private let values: [String: String]

    /// - Parameter output: what git printed: for each setting its name, LF, its value, NUL.
    package init(output: [UInt8]) {
        values = GitConfigOutput.values(output, section: "credential")
    }

    /// The user name that `credential.<url>.username` sets; nil for one that could not be said to git.
    package var username: String? {
        values["username"].flatMap { name in
            !name.isEmpty && name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } ? name : nil
        }
    }

    /// Whether git tells helpers the path of a URL (`credential.useHttpPath`).
    package var tellsPath: Bool {
        values["usehttppath"].map { ["true", "yes", "on", "1"].contains($0.lowercased()) } ?? false
    }

    /// Whether `credential.interactive` tells helpers not to ask (git 2.47): git's false, empty too, `never`, and every value
    /// that is no yes to git either.
    package var declinesInteraction: Bool {
        guard let value = values["interactive"]?.asciiLowercased else { return false }
        if let number = Int64(value) { return number == 0 }
        return !["true", "yes", "on", "auto", "always"].contains(value)
    }

    /// A client that git's settings describe.
    package struct OAuthClient: Sendable {
        package var client: Client
        package var metadata: AuthorizationServerMetadata
        package var scopes: [String]
        package var redirect: RedirectTemplate
    }

    /// The client for `url`; nil where git's settings name no client id or no endpoints.
    ///
    /// - Throws: ``ConfigurationError`` for a URL that may not be used.
    package func oauth(for url: ServiceURL) throws(ConfigurationError) -> OAuthClient? {
        guard let id = values["oauthclientid"], !id.isEmpty,
            let authorization = try endpoint("oauthAuthURL", url), let token = try endpoint("oauthTokenURL", url)
        else { return nil }
        let secret = values["oauthclientsecret"].flatMap { $0.isEmpty ? nil : Secret($0) }
        return OAuthClient(
            client: Client(id: id, secret: secret, authentication: secret == nil ? .none : .post),
            metadata: AuthorizationServerMetadata(
                issuer: nil, authorizationEndpoint: authorization, tokenEndpoint: token,
                deviceAuthorizationEndpoint: try endpoint("oauthDeviceAuthURL", url)),
            scopes: (values["oauthscopes"] ?? "").split(whereSeparator: { $0 == " " || $0 == "," }).map(String.init),
            redirect: try redirect(url))
    }

    /// An endpoint, as a URL or as a path on the service's own origin.
    private func endpoint(_ name: String, _ url: ServiceURL) throws(ConfigurationError) -> EndpointURL? {
        guard let value = values[name.lowercased()], !value.isEmpty else { return nil }
        let text = value.hasPrefix("/") && !value.hasPrefix("//") ? url.origin + value : value
        guard let endpoint = try? EndpointURL(text) else { throw badURL(name, value, url) }
        return endpoint
    }

    private func redirect(_ url: ServiceURL) throws(ConfigurationError) -> RedirectTemplate {
        guard let value = values["oauthredirecturl"], !value.isEmpty else { return .loopback }
        guard let redirect = try? RedirectTemplate(value) else { throw badURL("oauthRedirectURL", value, url) }
        return redirect
    }

    private func badURL(_ name: String, _ value: String, _ url: ServiceURL) -> ConfigurationError {
        ConfigurationError(
            file: ConfigurationError.git, line: nil, key: "credential.\(url.origin).\(name)",
            problem: .badURL(value: value))
    }
}
