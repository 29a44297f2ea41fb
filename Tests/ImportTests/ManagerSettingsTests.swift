import Addresses
import KeyfobCore
import Testing

@testable import Import

/// The settings of Git Credential Manager in git's configuration, and which of them count for keyfob.
@Suite struct `A setting of Git Credential Manager` {
    private static let client = [
        "oauthclientid": "id", "oauthauthorizeendpoint": "/authorize", "oauthtokenendpoint": "/token",
    ]
    private static let host = "https://git.example.com"

    /// The use of each setting for keyfob. All are those of the same URL, and git has found them.
    private func uses(
        _ values: [String: String], url: String = Self.host, configured: Bool = false
    ) throws -> [String: ManagerSetting.Use] {
        let output = values.map { "credential.\($0.key)\n\($0.value)\0" }.joined()
        let all = ManagerSettings(isConfigured: { _ in configured }) { _ in GitSettings(output: Array(output.utf8)) }
        let found = try all.all(among: values.keys.map { "credential.\(url).\($0)" })
        return Dictionary(
            uniqueKeysWithValues: found.map { (String($0.name.dropFirst("credential.\(url).".count)), $0.use) })
    }

    @Test func `of a complete client counts`() throws {
        let more = [
            "oauthclientsecret": "s", "oauthredirecturi": "http://localhost", "oauthscopes": "read",
            "oauthdeviceendpoint": "/device", "oauthdefaultusername": "u", "oauthuseclientauthheader": "false",
            "oauthresponsemode": "query",
        ]
        let found = try uses(Self.client.merging(more) { $1 })
        #expect(
            found.keys.sorted() == [
                "oauthAuthorizeEndpoint", "oauthClientId", "oauthClientSecret", "oauthDefaultUserName",
                "oauthDeviceEndpoint", "oauthRedirectUri", "oauthResponseMode", "oauthScopes", "oauthTokenEndpoint",
                "oauthUseClientAuthHeader",
            ])
        #expect(found.values.allSatisfy { $0 == .counts })
    }

    @Test(arguments: ["oauthclientid", "oauthauthorizeendpoint", "oauthtokenendpoint"])
    func `of an incomplete client does not count`(_ missing: String) throws {
        let found = try uses(Self.client.filter { $0.key != missing })
        #expect(found.count == 2 && found.values.allSatisfy { $0 == .incomplete })
    }

    @Test func `does not count if the name of git-credential-oauth is set too, or its value is unusable`() throws {
        let found = try uses(Self.client.merging(["oauthtokenurl": "/t", "oauthdefaultusername": "a\u{7F}"]) { $1 })
        #expect(found["oauthTokenEndpoint"] == .overruled)
        #expect(found["oauthDefaultUserName"] == .overruled)
        #expect(found["oauthClientId"] == .counts)
    }

    @Test func `about a secret in a header does not count without a secret`() throws {
        let found = try uses(Self.client.merging(["oauthuseclientauthheader": "true"]) { $1 })
        #expect(found["oauthUseClientAuthHeader"] == .overruled)
    }

    @Test func `with a wrong value is an error, and the others of its client do not count`() throws {
        let found = try uses(Self.client.merging(["oauthresponsemode": "form_post"]) { $1 })
        let use = found["oauthResponseMode"]
        guard case .refused(let error) = use else {
            Issue.record("\(found)")
            return
        }
        #expect(error.problem == .notAllowed(value: "form_post", allowed: ["query"]))
        #expect(found["oauthClientId"] == .blocked(by: "oauthResponseMode"))
    }

    @Test func `does not count if keyfob's configuration has the service`() throws {
        let found = try uses(Self.client, configured: true)
        #expect(found.values.allSatisfy { $0 == .configured })
    }

    @Test(arguments: [
        ("git.example.com", ManagerSetting.Use.withoutScheme), ("http://git.example.com", .noService),
        ("https://alice@git.example.com", .noService), ("ssh://git.example.com", .noService),
        ("https://*.example.com", .counts), ("http://127.0.0.1:8080", .counts),
        ("https://git.example.com/team", .counts),
    ])
    func `counts only for a URL that git and keyfob know`(_ url: String, _ use: ManagerSetting.Use) throws {
        #expect(try uses(Self.client, url: url)["oauthClientId"] == use)
        let interactive = try uses(["interactive": "false"], url: url)["interactive"]
        #expect(interactive == use)
    }

    @Test func `without a URL counts, whatever keyfob's configuration has`() throws {
        let output = Self.client.map { "credential.\($0.key)\n\($0.value)\0" }.joined()
        let all = ManagerSettings(isConfigured: { _ in true }) { _ in GitSettings(output: Array(output.utf8)) }
        let found = try all.all(among: [
            "credential.oauthclientid", "credential.interactive", "credential.oauthclientid",
        ])
        #expect(
            found == [
                ManagerSetting(name: "credential.oauthClientId", use: .counts),
                ManagerSetting(name: "credential.interactive", use: .counts),
            ])
    }

    @Test(arguments: [
        ("provider", "provider", ManagerSetting.Replacement.hostKey("provider")),
        ("credentialstore", "credentialStore", .key("store")), ("httpproxy", "httpProxy", .git("http.proxy")),
        ("githubauthmodes", "gitHubAuthModes", .hostKey("flow")), ("trace", "trace", .variable("KEYFOB_TRACE")),
        ("namespace", "namespace", nil), ("azreposmanagedidentity", "azreposManagedIdentity", nil),
    ])
    func `that keyfob does not read has a replacement, if there is one`(
        _ name: String, _ written: String, _ instead: ManagerSetting.Replacement?
    ) throws {
        #expect(try uses([name: "x"]) == [written: .unread(instead: instead)])
    }

    @Test func `is none of git's own or of other programs`() throws {
        #expect(try uses(["helper": "keyfob", "usehttppath": "true", "username": "a", "oauthauthurl": "/a"]).isEmpty)
        let all = ManagerSettings(isConfigured: { _ in false }) { _ in nil }
        #expect(try all.all(among: ["credential", "credential.", "user.provider", ""]).isEmpty)
    }
}
