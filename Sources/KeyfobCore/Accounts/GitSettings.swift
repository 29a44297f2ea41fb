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
        values["usehttppath"].map { Self.isTrue($0) } ?? false
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
        /// The names of the settings that it consists of, in lower case. An unusable value is not part of it, and neither
        /// is the second name of a key whose first name is set.
        package let names: Set<String>
    }

    /// The client for `url`; nil if git's settings lack a client id or an endpoint.
    ///
    /// - Throws: ``ConfigurationError`` for a URL that may not be used, and for a response mode that keyfob does not have.
    package func oauth(for url: ServiceURL) throws(ConfigurationError) -> OAuthClient? {
        guard var host = (try? ServiceURL(url.origin)).map({ Configuration.Host(service: $0) }) else { return nil }
        let keys = Configuration.Host.keys.filter { !$0.gitNames.isEmpty }
        let isComplete = keys.allSatisfy { key in
            !Self.needed.contains(key.name) || key.gitNames.contains { value($0.lowercased()) != nil }
        }
        guard isComplete else { return nil }
        try refuseOtherResponseModes(for: url)
        var names: Set<String> = []
        for key in keys {
            guard let name = key.gitNames.first(where: { value($0.lowercased()) != nil }),
                let text = value(name.lowercased())
            else { continue }
            do throws(ConfigurationError.Problem) {
                try key.parseGit(text, url, &host)
                names.insert(name.lowercased())
            } catch {
                // Other unusable values are ignored, such as a user name that an answer to git cannot hold.
                guard case .badURL = error else { continue }
                throw Self.error(name, url, .badURL(value: text))
            }
        }
        guard let id = host.clientID, let server = host.server else { return nil }
        let secret = value("oauthclientsecret").map { Secret($0) }
        let client = Client(id: id, secret: secret, authentication: secret == nil ? .none : authentication)
        // Without a secret, there is nothing to send in a header.
        let others = secret == nil ? [] : ["oauthclientsecret", "oauthuseclientauthheader"]
        names.formUnion((others + ["oauthresponsemode"]).filter { value($0) != nil })
        return OAuthClient(host: host, client: client, server: server, names: names)
    }

    /// The settings of a sign-in that are set, with the names that git's documentation has.
    package var oauthNames: [String] {
        let names = Configuration.Host.keys.flatMap(\.gitNames) + ["oauthClientSecret"]
        return names.filter { $0.begins(with: "oauth") && value($0.lowercased()) != nil }
    }

    /// The keys without which there is no client.
    private static let needed: Set = ["client_id", "authorization_endpoint", "token_endpoint"]

    /// How the client sends its secret: by default in the body for git-credential-oauth's settings, in the header for those
    /// of Git Credential Manager.
    private var authentication: ClientAuthentication {
        guard let inHeader = value("oauthuseclientauthheader") else {
            return value("oauthtokenurl") == nil ? .basic : .post
        }
        return Self.isTrue(inHeader) ? .basic : .post
    }

    /// Refuses Git Credential Manager's `oauthResponseMode` unless it is `query`, the only one that keyfob has.
    private func refuseOtherResponseModes(for url: ServiceURL) throws(ConfigurationError) {
        let name = "oauthResponseMode"
        guard let mode = value(name.lowercased()), mode.lowercased() != "query" else { return }
        throw Self.error(name, url, .notAllowed(value: mode, allowed: ["query"]))
    }

    private static func error(
        _ name: String, _ url: ServiceURL, _ problem: ConfigurationError.Problem
    ) -> ConfigurationError {
        ConfigurationError(
            file: ConfigurationError.git, line: nil, key: "credential.\(url.origin).\(name)", problem: problem)
    }

    /// Whether git reads the text as true.
    private static func isTrue(_ text: String) -> Bool { ["true", "yes", "on", "1"].contains(text.lowercased()) }

    /// A value that is set, and not empty.
    func value(_ name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }
}
