package import Addresses
package import OAuth
import Secrets

/// The settings `credential.<url>.*` of git for one URL, each the best match.
///
/// They come from `git config -z --get-urlmatch credential URL`. ``GitConfigCommand`` decides whose settings git reads.
package struct GitSettings: Sendable {
    /// Setting to value, the names in lower case and without `credential.`.
    private let values: [String: String]

    /// - Parameter output: git's output: for each setting its name, LF, its value, NUL.
    package init(output: [UInt8]) {
        values = GitConfigOutput.values(output, section: "credential")
    }

    /// Whether git tells helpers the path of a URL (`credential.useHttpPath`).
    package var tellsPath: Bool {
        values["usehttppath"].map { ["true", "yes", "on", "1"].contains($0.lowercased()) } ?? false
    }

    /// Whether `credential.interactive` tells helpers not to ask (git 2.47): git's false, the empty value, `never`, and any
    /// other value that does not mean yes to git.
    package var declinesInteraction: Bool {
        guard let value = values["interactive"]?.asciiLowercased else { return false }
        if let number = Int64(value) { return number == 0 }
        return !["true", "yes", "on", "auto", "always"].contains(value)
    }

    /// git's settings for a service: the keys of ``HostKey`` with a name in git, and the client's secret.
    package struct OAuthClient: Sendable {
        package let host: Configuration.Host
        package let client: Client
        package let server: Account.ServerLocation
    }

    /// The client for `url`; nil if git's settings lack a client id or an endpoint.
    ///
    /// - Throws: ``ConfigurationError`` for a URL that may not be used.
    package func oauth(for url: ServiceURL) throws(ConfigurationError) -> OAuthClient? {
        guard ["oauthclientid", "oauthauthurl", "oauthtokenurl"].allSatisfy({ value($0) != nil }),
            var host = (try? ServiceURL(url.origin)).map({ Configuration.Host(service: $0) })
        else { return nil }
        for key in Configuration.Host.keys {
            guard let name = key.gitName, let text = value(name.lowercased()) else { continue }
            do throws(ConfigurationError.Problem) {
                try key.parseGit(text, url, &host)
            } catch {
                // Other unusable values are ignored, such as a user name that an answer to git cannot hold.
                guard case .badURL = error else { continue }
                throw ConfigurationError(
                    file: ConfigurationError.git, line: nil, key: "credential.\(url.origin).\(name)",
                    problem: .badURL(value: text))
            }
        }
        guard let id = host.clientID, let server = host.server else { return nil }
        let secret = value("oauthclientsecret").map { Secret($0) }
        let client = Client(id: id, secret: secret, authentication: secret == nil ? .none : .post)
        return OAuthClient(host: host, client: client, server: server)
    }

    /// A value that is set, and not empty.
    func value(_ name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }
}
