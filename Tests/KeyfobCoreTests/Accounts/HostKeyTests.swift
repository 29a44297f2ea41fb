import Addresses
import CredentialProtocol
import Secrets
import TOMLKit
import TestSupport
import Testing

@testable import KeyfobCore

/// The consequences of one row of `HostKeys.swift`. A new key needs two values here, and nothing else.
@Suite struct `Each key of a host` {
    /// Two values of each key, in TOML.
    private static let examples: [String: (first: String, second: String)] = [
        "issuer": ("\"https://l.example.com\"", "\"https://other.example.com\""),
        "authorization_endpoint": ("\"https://l.example.com/a\"", "\"https://other.example.com/a\""),
        "token_endpoint": ("\"https://l.example.com/t\"", "\"https://other.example.com/t\""),
        "device_authorization_endpoint": ("\"https://l.example.com/d\"", "\"https://other.example.com/d\""),
        "revocation_endpoint": ("\"https://l.example.com/r\"", "\"https://other.example.com/r\""),
        "reach": ("\"private\"", "\"service\""),
        "endpoint_hosts": ("[\"a.example\", \"b.example:8443\"]", "[\"c.example\"]"),
        "client_id": ("\"mine\"", "\"other\""),
        "client_authentication": ("\"client_secret_post\"", "\"plain_basic\""),
        "provider": ("\"gitlab\"", "\"gitea\""),
        "redirect_uri": ("\"http://localhost:34106/back\"", "\"http://127.0.0.1/back\""),
        "pkce": ("\"assumed\"", "\"required\""),
        "scopes": ("[\"read\", \"write\"]", "[\"all\"]"),
        "offline_access": ("true", "false"),
        "flow": ("\"device\"", "\"paste\""),
        "resource": ("\"https://r.example.com\"", "false"),
        "resource_parameter": ("\"audience\"", "\"resource\""),
        "username": ("\"alice\"", "\"bob\""),
        "mail": ("[\"smtp.example.com:587\", \"imap.example.com\"]", "[\"smtp.example.org\"]"),
        "account": ("\"work\"", "\"home\""),
        "ca_file": ("\"/etc/ssl/a.pem\"", "\"/etc/ssl/b.pem\""),
    ]

    private static let keys = Configuration.Host.keys.map(\.name)

    private func key(_ name: String) throws -> HostKey {
        try #require(Configuration.Host.keys.first { $0.name == name })
    }

    /// A file that sets the key, and the other keys that this key needs.
    private func file(_ name: String, second: Bool = false) throws -> String {
        let example = try #require(Self.examples[name])
        var lines = ["issuer": "\"https://l.example.com\""]
        if ["authorization_endpoint", "token_endpoint"].contains(name) {
            lines = ["client_id": "\"c\""]
            lines["authorization_endpoint"] = "\"https://l.example.com/a\""
            lines["token_endpoint"] = "\"https://l.example.com/t\""
        }
        lines[name] = second ? example.second : example.first
        return "[host.\"https://git.example.com\"]\n" + lines.map { "\($0) = \($1)\n" }.sorted().joined()
    }

    private func read(_ text: String) throws -> Configuration.Host {
        try #require(try TOMLConfiguration(text, file: "f").decode().hosts.first)
    }

    /// The only host of a file with these entries.
    private func read(_ entries: TOMLTable) throws -> Configuration.Host {
        let (root, hosts) = (TOMLTable(), TOMLTable())
        hosts["https://git.example.com"] = entries
        root["host"] = hosts
        return try read(root.convert(to: .toml))
    }

    @Test func `has two values in this test`() {
        #expect(Set(Self.examples.keys) == Set(Self.keys))
        #expect(Set(Self.keys).count == Self.keys.count)
    }

    @Test(arguments: keys)
    func `is the same after it was read, written and read again`(_ name: String) throws {
        let key = try key(name)
        for isSecond in [false, true] {
            let host = try read(try file(name, second: isSecond))
            let value = try #require(key.value(host))
            #expect(host.sources[name]?.file == "f")
            #expect(key.value(try read(host.table())) == value)
            let approved = Approvals.entry(host)
            #expect((approved[name] != nil) == key.isApproved)
            if key.isApproved, host.issuer != nil { #expect(key.value(try read(approved)) == value) }
        }
    }

    @Test(arguments: keys)
    func `has the value of the first file that sets it, and names that file`(_ name: String) throws {
        let key = try key(name)
        let (first, second) = (try read(try file(name)), try read(try file(name, second: true)))
        let none = Configuration.Host(service: first.service)
        for (upper, lower, winner) in [(first, none, first), (none, first, first), (first, second, first)] {
            let merged = upper.completed(by: lower)
            let value = try #require(key.value(merged)?.description)
            // Lists of hosts of one server are joined.
            #expect(value.begins(with: try #require(key.value(winner)?.description)))
            #expect(merged.sources[name] != nil)
        }
    }

    @Test(arguments: keys)
    func `is exported with the value that counts`(_ name: String) async throws {
        try await withTemporaryDirectory { directory async throws in
            let files = [
                try write(try file(name), to: directory + "/first.toml"),
                try write(try file(name, second: true), to: directory + "/second.toml"),
            ]
            let counting = try #require(
                try Configuration(files: files).host(for: ServiceURL("https://git.example.com")))
            let exported = try read(try ConfigurationExport(files: files).text)
            #expect(try key(name).value(exported) == key(name).value(counting))
        }
    }

    @Test(arguments: keys)
    func `is shown by keyfob config with its value and its file`(_ name: String) throws {
        let configuration = try TOMLConfiguration(try file(name), file: "f").decode()
        let host = try #require(configuration.hosts.first)
        let account = try #require(
            try AccountDirectory(configuration: configuration).configuredAccount(for: .git("git.example.com")))
        let shown = EffectiveSettings(for: account, in: configuration, as: host, found: nil)
        let setting = try #require(shown.settings[name])
        #expect(setting.value == (try key(name).value(host)?.description))
        #expect(setting.source == .file && setting.file == "f")
        #expect(Set(shown.settings.keys) == Set(Self.keys + Configuration.keys.map(\.name)))
    }

    @Test(arguments: Configuration.Host.keys.flatMap { key in key.gitNames.map { (key.name, $0) } })
    func `is read from git's settings if git has it`(_ name: String, _ gitName: String) throws {
        let key = try key(name)
        let value = try #require(key.value(try read(try file(name)))).description
        var settings = ["oauthclientid": "c", "oauthauthurl": "https://l.example.com/a"]
        settings["oauthtokenurl"] = "https://l.example.com/t"
        for other in key.gitNames { settings[other.lowercased()] = nil }
        settings[gitName.lowercased()] = value
        let output = settings.map { "credential.\($0)\n\($1)\0" }.joined()
        let found = try GitSettings(output: Array(output.utf8)).oauth(for: try ServiceURL("https://git.example.com/x"))
        #expect(key.value(try #require(found).host)?.description == value)
    }

    @Test(arguments: keys)
    func `is documented, and suggested for a misspelt name`(_ name: String) throws {
        let key = try key(name)
        #expect(Configuration.keyTable.contains("\n| `\(name)` | \(key.meaning)"))
        #expect(key.meaning.utf8.count > 10 && !key.meaning.contains("\n"))
        let text = "[host.\"https://git.example.com\"]\n\(name.dropLast()) = 1\n"
        let error = try #require(throws: ConfigurationError.self) { try read(text) }
        #expect(error.nearestKey == name)
    }
}

/// The keys outside the hosts.
@Suite struct `Each key of the file` {
    @Test(arguments: [
        ("interaction", "\"never\"", "never"), ("min_ttl", "60", "60"), ("login_timeout", "61", "61"),
        ("client_metadata_document", "\"https://k.example/c\"", "https://k.example/c"),
    ])
    func `is read, written, shown and documented`(_ name: String, _ value: String, _ shown: String) throws {
        let text = "\(name) = \(value)\n[host.\"https://git.example.com\"]\nissuer = \"https://l.example.com\"\n"
        let configuration = try TOMLConfiguration(text, file: "f").decode()
        let written = configuration.table().convert(to: .toml)
        #expect(
            try TOMLConfiguration(written, file: "f").decode()
                == TOMLConfiguration("\(name) = \(value)", file: "f").decode())
        let account = try #require(
            try AccountDirectory(configuration: configuration).configuredAccount(for: .git("git.example.com")))
        let settings = EffectiveSettings(for: account, in: configuration, as: configuration.hosts.first, found: nil)
        #expect(settings.settings[name]?.value == shown)
        #expect(settings.settings[name]?.source == .file)
        #expect(Configuration.keyTable.contains("\n| `\(name)` | "))
        let error = try #require(throws: ConfigurationError.self) {
            try TOMLConfiguration("\(name)x = 1", file: "f").decode()
        }
        #expect(error.nearestKey == name)
    }

    @Test func `is not suggested for a name that is similar to none`() throws {
        for text in ["a.b = 1", "[host.\"https://h\"]\nclient_secret = \"x\"", "\"\" = 1"] {
            let error = try #require(throws: ConfigurationError.self) {
                try TOMLConfiguration(text, file: "f").decode()
            }
            #expect(error.nearestKey == nil)
        }
    }
}
