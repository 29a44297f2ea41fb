import CredentialProtocol
import OAuth
import TOMLKit

/// Reads one configuration file, strictly: an unknown key, a wrong type or a bad URL is an error with file, line and key.
package struct TOMLConfiguration {
    let text: String
    let file: String

    package init(_ text: String, file: String) {
        self.text = text
        self.file = file
    }

    func decode() throws(ConfigurationError) -> Configuration {
        let root = try parse()
        defer { extendLifetime(root) }  // the tables below it point into it
        let table = Entries(table: root, path: [], source: self)
        try table.refuseUnknown(besides: [
            "interaction", "min_ttl", "login_timeout", "client_metadata_document", "host",
        ])
        var configuration = Configuration()
        if let word = try table.oneOf("interaction", ["never", "auto", "always"]) {
            configuration.interaction = Interaction(rawValue: word)
        }
        configuration.minTTL = try table.seconds("min_ttl")
        configuration.loginTimeout = try table.seconds("login_timeout")
        configuration.clientMetadataDocument = try clientMetadataDocument(table)
        if let hosts = try table.table("host") {
            for name in hosts.keys {
                guard let entry = try hosts.table(name) else { continue }
                configuration.hosts.append(try host(name, entry))
            }
        }
        return configuration
    }

    private static let hostKeys: Set<String> = [
        "issuer", "authorization_endpoint", "token_endpoint", "device_authorization_endpoint", "revocation_endpoint",
        "client_id", "provider", "scopes", "offline_access", "flow", "redirect_uri", "resource", "username", "account",
        "pkce", "ca_file", "reach", "resource_parameter", "endpoint_hosts",
    ]

    private func host(_ name: String, _ entry: Entries) throws(ConfigurationError) -> Configuration.Host {
        guard let service = try? ServiceURL(name), service.scheme == "https" || service.isLoopback else {
            throw entry.error(nil, .badURL(value: name))
        }
        try entry.refuseUnknown(besides: Self.hostKeys)
        var host = Configuration.Host(service: service)
        host.server = try server(entry)
        host.reach = try entry.oneOf("reach", Configuration.Reach.allCases.map(\.rawValue))
            .flatMap(Configuration.Reach.init)
        host.endpointHosts = try endpointHosts(entry)
        host.clientID = try entry.string("client_id")
        host.provider = try provider(entry, of: service)
        host.scopes = try entry.strings("scopes")
        host.offlineAccess = try entry.bool("offline_access")
        host.resource = try resource(entry)
        host.resourceParameter = try entry.oneOf(
            "resource_parameter", Configuration.ResourceParameter.allCases.map(\.rawValue)
        ).flatMap(Configuration.ResourceParameter.init)
        host.username = try entry.string("username")
        host.account = try entry.string("account")
        host.certificateAuthorityFile = try entry.path("ca_file")
        host.pkce = try entry.oneOf("pkce", ["required", "assumed"]).map { $0 == "assumed" ? .assumed : .required }
        host.flow = try entry.oneOf("flow", Account.Flow.allCases.map(\.rawValue)).flatMap(Account.Flow.init)
        if let redirect = try entry.string("redirect_uri") {
            guard let template = try? RedirectTemplate(redirect) else {
                throw entry.error("redirect_uri", .badURL(value: redirect))
            }
            host.redirect = template
        }
        // Last, so that a misspelt key is named before the one that is missing for it. Endpoints by hand do not say where
        // a client could be registered.
        if case .endpoints = host.server, host.clientID == nil {
            throw entry.error(nil, .incomplete(missing: "client_id"))
        }
        host.sources = Dictionary(
            uniqueKeysWithValues: entry.keys.map { ($0, .init(file: file, path: entry.path + [$0])) })
        return host
    }

    /// A host of the table is what it is, and nobody else's.
    private func provider(_ entry: Entries, of service: ServiceURL) throws(ConfigurationError) -> String? {
        let known = KnownHost.match(service, provider: nil).map { [$0.provider] }
        return try entry.oneOf("provider", known ?? KnownHost.providers)
    }

    /// nil where the entry names neither an issuer nor endpoints.
    private func server(_ entry: Entries) throws(ConfigurationError) -> Account.ServerLocation? {
        let authorization = try entry.endpoint("authorization_endpoint")
        let token = try entry.endpoint("token_endpoint")
        let device = try entry.endpoint("device_authorization_endpoint")
        let revocation = try entry.endpoint("revocation_endpoint")
        let issuer = try entry.endpoint("issuer")?.string
        if authorization == nil, token == nil {
            guard let issuer else {
                if device == nil, revocation == nil { return nil }
                throw entry.error(nil, .incomplete(missing: "issuer"))
            }
            return .issuer(issuer, device: device, revocation: revocation)
        }
        guard let authorization, let token else {
            throw entry.error(
                nil, .incomplete(missing: authorization == nil ? "authorization_endpoint" : "token_endpoint"))
        }
        return .endpoints(
            AuthorizationServerMetadata(
                issuer: issuer, authorizationEndpoint: authorization, tokenEndpoint: token,
                deviceAuthorizationEndpoint: device, revocationEndpoint: revocation,
                codeChallengeMethodsSupported: ["S256"]))
    }

    private func endpointHosts(_ entry: Entries) throws(ConfigurationError) -> [String]? {
        guard let names = try entry.strings("endpoint_hosts") else { return nil }
        for name in names where (try? EndpointURL("https://" + name))?.authority != name {
            throw entry.error(
                "endpoint_hosts", .wrongType(expected: "an array of hosts, in lower case and without a scheme"))
        }
        return names
    }

    /// `resource = "URL"`, or `false` for none at all.
    private func resource(_ entry: Entries) throws(ConfigurationError) -> Configuration.Resource? {
        if entry.isFalse("resource") { return Configuration.Resource.none }
        return try entry.endpoint("resource").map { .uri($0.string) }
    }

    private func clientMetadataDocument(_ entry: Entries) throws(ConfigurationError) -> String? {
        guard let url = try entry.string("client_metadata_document") else { return nil }
        guard (try? ClientMetadataDocument.clientID(url)) != nil else {
            throw entry.error("client_metadata_document", .badURL(value: url))
        }
        return url
    }

    private func parse() throws(ConfigurationError) -> TOMLTable {
        try refuseUnreadable()
        do {
            return try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            throw ConfigurationError(
                file: file, line: error.source.begin.line, key: nil, problem: .syntax(error.description))
        } catch {
            throw ConfigurationError(file: file, line: nil, key: nil, problem: .syntax("not TOML"))
        }
    }

    /// The line on which the value at `path` begins.
    ///
    /// The parser does not tell, so it is asked again, with ever more lines: the value begins after the last whole
    /// number of lines that are TOML and lack it. Only who is to read it takes this way: an error, `keyfob config`. It takes
    /// the square of the lines, so that of a long file no line is told.
    func line(of path: [String]) -> Int? {
        var lacking = 0
        // By bytes: to Swift CR LF is one character, and not LF.
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.count <= Self.mostLines else { return nil }
        for count in 1...max(lines.count, 1) {
            let part = lines.prefix(count).map { String(Substring($0)) + "\n" }.joined()
            guard let table = try? TOMLTable(string: part) else { continue }
            if Self.has(path[...], in: table) { return lacking + 1 }
            lacking = count
        }
        return nil
    }

    /// Longer files have been written by no person.
    private static let mostLines = 2000

    private static func has(_ path: ArraySlice<String>, in table: TOMLTable) -> Bool {
        guard let key = path.first else { return true }
        guard let value = table[key] else { return false }
        return path.count == 1 || (value.table.map { has(path.dropFirst(), in: $0) } ?? false)
    }
}
