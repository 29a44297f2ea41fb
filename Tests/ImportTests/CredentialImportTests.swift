import CredentialProtocol
import Glibc
import KeyfobCore
import SecretService
import Secrets
import TestSupport
import Testing

@testable import Import

/// The credentials that an import finds, and the effect of a copy of each.
@Suite struct `An import` {
    private let items = InMemoryItemStore()

    /// Writes a file that only its owner can read.
    private func writeForOwner(_ text: String, to path: String) throws {
        try write(text, to: path)
        try #require(unsafe chmod(path, 0o600) == 0)
    }

    private func credentialImport(_ home: String) -> CredentialImport {
        CredentialImport(items: items, places: .init { $0 == "HOME" ? home : nil }) { _ in nil }
    }

    private func keep(_ schema: String, _ attributes: [String: String], _ secret: String) throws {
        let types = attributes.mapValues { _ in ItemSchema.AttributeKind.string }
        try items.store(
            ItemSchema(name: schema, attributes: types), attributes: attributes, label: "", secret: Secret(secret),
            in: .default)
    }

    private static let manager = "com.microsoft.GitCredentialManager"

    // The keyring.

    @Test func `finds the passwords of Git Credential Manager, and leaves its refresh tokens`() throws {
        func keep(_ service: String, _ secret: String) throws {
            let attributes = ["xdg:schema": Self.manager, "service": service, "account": "alice"]
            try self.keep(Self.manager, attributes, secret)
        }
        try keep("work:https://git.example.com/a", "secret")
        try keep("https://oauth-refresh-token.gitlab.com", "refresh")
        try keep("git:https://bitbucket.org/refresh_token", "refresh")
        try keep("no URL", "x")
        let findings = try credentialImport("/nonexistent").findings(of: .manager)
        #expect(Found(findings).credentials == ["https://git.example.com/a alice:secret"])
        #expect(
            findings.problems.map(\.reason) == [
                .malformed("an item with a URL and an account"), .refreshToken, .refreshToken,
            ])
    }

    @Test func `finds a token of gh in the file, else in the keyring`() async throws {
        try await withTemporaryDirectory { home in
            for directory in ["/.config", "/.config/gh"] { #expect(unsafe mkdir(home + directory, 0o700) == 0) }
            let text = "github.com:\n  users:\n    alice:\n    bob:\n      oauth_token: gho_b\n    carol:\n"
            try write(text, to: home + "/.config/gh/hosts.yml")
            try keep("org.freedesktop.Secret.Generic", ["service": "gh:github.com", "username": "alice"], "gho_a")
            let findings = try credentialImport(home).findings(of: .gh)
            #expect(Found(findings).credentials == ["https://github.com alice:gho_a", "https://github.com bob:gho_b"])
            #expect(findings.credentials.map(\.place.line) == [nil, 5])
        }
    }

    @Test func `fails if the keyring is locked`() throws {
        items.lock()
        #expect(throws: SecretServiceError.locked) { try credentialImport("/nonexistent").findings(of: .manager) }
    }

    // Files.

    @Test func `reads a file through a link, and tells if other users can read it`() async throws {
        try await withTemporaryDirectory { home in
            let file = try write("https://a:b@git.example.com\n", to: home + "/elsewhere")
            #expect(unsafe chmod(file, 0o644) == 0)
            #expect(unsafe symlink(file, home + "/.git-credentials") == 0)
            let findings = try credentialImport(home).findings(of: .store)
            #expect(Found(findings).credentials == ["https://git.example.com a:b"])
            #expect(findings.problems.map(\.reason) == [.readableByOthers])
        }
    }

    static let untrusted: [(String, @Sendable (String) throws -> Bool, Findings.Reason?)] = [
        ("a missing file", { _ in true }, nil),
        ("a link to a missing file", { unsafe symlink($0 + ".absent", $0) == 0 }, nil),
        ("a link to itself", { unsafe symlink($0, $0) == 0 }, .unreadable(errno: ELOOP)),
        ("a pipe", { unsafe mkfifo($0, 0o600) == 0 }, .notTrusted("not a file")),
        ("a directory", { unsafe mkdir($0, 0o700) == 0 }, .notTrusted("not a file")),
        (
            "a large file",
            { path in
                try write("", to: path)
                return unsafe truncate(path, 1 << 40) == 0
            }, .notTrusted("larger than 1048576 bytes")
        ),
    ]

    @Test(arguments: untrusted)
    func `does not read`(_: String, _ make: @Sendable (String) throws -> Bool, _ reason: Findings.Reason?) async throws
    {
        try await withTemporaryDirectory { home in
            #expect(try make(home + "/.git-credentials"))
            let findings = try credentialImport(home).findings(of: .store)
            #expect(findings.credentials.isEmpty)
            #expect(findings.problems.map(\.reason) == (reason.map { [$0] } ?? []))
        }
    }

    @Test func `reads a file behind a byte order mark`() async throws {
        try await withTemporaryDirectory { home in
            for directory in ["/.config", "/.config/gh"] { #expect(unsafe mkdir(home + directory, 0o700) == 0) }
            try writeForOwner(
                "\u{FEFF}github.com:\n  users:\n    bob:\n      oauth_token: gho_b\n",
                to: home + "/.config/gh/hosts.yml")
            try writeForOwner("\u{FEFF}https://a:b@git.example.com\n", to: home + "/.git-credentials")
            let gh = try credentialImport(home).findings(of: .gh)
            #expect(Found(gh).credentials == ["https://github.com bob:gho_b"] && gh.problems.isEmpty)
            let store = try credentialImport(home).findings(of: .store)
            #expect(Found(store).credentials == ["https://git.example.com a:b"] && store.problems.isEmpty)
        }
    }

    @Test func `reads the files that git's settings name`() async throws {
        try await withTemporaryDirectory { home in
            try writeForOwner("https://a:b@one.example.com\n", to: home + "/one")
            let directory = home + "/gcm/git/https/two.example.com"
            var made = home
            for part in ["gcm", "git", "https", "two.example.com"] {
                made += "/" + part
                #expect(unsafe mkdir(made, 0o700) == 0)
            }
            try writeForOwner(
                "secret\nservice=git:https://two.example.com\naccount=alice\n", to: directory + "/alice.credential")
            try writeForOwner("x\n", to: directory + "/odd.credential")
            try writeForOwner("x\n", to: directory + "/other")
            var places = CredentialImport.Places { $0 == "HOME" ? home : nil }
            places.add(
                variable: { $0 == "HOME" ? home : nil },
                settings: [
                    ("credential.helper", "store --file ~/one"),
                    ("credential.https://x.example.helper", "store --file=relative"),
                    ("credential.plaintextstorepath", home + "/gcm"), ("credential.credentialstore", "gpg"),
                ])
            let all = CredentialImport(items: items, places: places) { _ in nil }
            let store = try all.findings(of: .store)
            #expect(Found(store).credentials == ["https://one.example.com a:b"])
            #expect(store.problems.map(\.reason) == [.notTrusted("not an absolute path")])
            let manager = try all.findings(of: .manager)
            #expect(Found(manager).credentials == ["https://two.example.com alice:secret"])
            #expect(
                manager.problems.map(\.reason) == [
                    .malformed("a secret, then service= with a URL and account="), .storeNotRead("gpg"),
                ])
        }
    }

    @Test func `of a variable's store has priority over git's settings`() {
        let variables = ["HOME": "/h", "GCM_PLAINTEXT_STORE_PATH": "/v", "GCM_CREDENTIAL_STORE": "cache"]
        var places = CredentialImport.Places { variables[$0] }
        places.add(
            variable: { variables[$0] },
            settings: [("credential.plaintextstorepath", "/s"), ("credential.credentialstore", "gpg")])
        #expect(places.managerFiles == "/v" && places.managerStore == "cache")
    }

    @Test(arguments: [
        ("store", []), ("store --file /a/b", ["/a/b"]), ("store --file=/a/b", ["/a/b"]), ("store --file ~/b", ["/h/b"]),
        ("store --file '~/b c'", ["/h/b c"]), ("store --file \"$HOME/b\"", ["/h/b"]), ("store --file /a\\ b", ["/a b"]),
        ("/usr/lib/git-core/git-credential-store --file /a", ["/a"]), ("!git credential-store --file /a", ["/a"]),
        ("cache --timeout 5", []), ("!pass store --file /a", []), ("restore --file /a", []), ("store --file", []),
        ("", []),
    ])
    func `finds the file in a helper of git`(_ helper: String, _ files: [String]) {
        #expect(StoreHelpers.files(in: [helper, helper], home: "/h") == files)
    }

    // Verdicts.

    private static func found(_ url: String, keeper: FoundCredential.Keeper = .store) throws -> FoundCredential {
        let request = try #require(CredentialRequest(found: Array(url.utf8)))
        return FoundCredential(keeper: keeper, kind: .password, request: request, place: .init(file: "f"))
    }

    private static let verdicts: [(kept: String?, found: [String], [CredentialImport.Verdict])] = [
        (nil, ["https://a:1@git.example.com"], [.new]),
        ("https://a:1@git.example.com", ["https://a:1@git.example.com"], [.same]),
        (
            "https://a:2@git.example.com", ["https://a:1@git.example.com", "https://b:1@git.example.com"],
            [.differs, .new]
        ),
        ("https://a:2@git.example.com", ["https://a:1@git.example.com/path"], [.new]),
        (nil, ["https://a:1@git.example.com", "https://a:2@git.example.com"], [.new, .differs]),
        (nil, ["https://a:1@git.example.com", "https://a:1@git.example.com"], [.new, .same]),
        (nil, ["https://a:1@signed-in.example.com"], [.signsIn]),
    ]

    @Test(arguments: verdicts)
    func `compares each credential with the stored passwords and with those before it`(
        _ kept: String?, _ urls: [String], _ verdicts: [CredentialImport.Verdict]
    ) async throws {
        let credentialImport = credentialImport("/nonexistent")
        if let kept { try credentialImport.copy(Self.found(kept)) }
        let found = try urls.map { try Self.found($0) }
        let actual = try await credentialImport.verdicts(on: found) { $0.host == "signed-in.example.com" }
        #expect(actual == verdicts)
    }

    @Test func `replaces the stored password with a copy`() throws {
        let credentialImport = credentialImport("/nonexistent")
        for password in ["1", "2"] { try credentialImport.copy(Self.found("https://a:\(password)@git.example.com")) }
        #expect(items.items.map { String(decoding: $0.secret.exposedBytes, as: UTF8.self) } == ["2"])
    }

    @Test func `knows whether exactly this secret is stored`() throws {
        let credentialImport = credentialImport("/nonexistent")
        let found = try Self.found("https://a:1@git.example.com")
        let other = try Self.found("https://a:2@git.example.com")
        let before = try credentialImport.onlyThere([found]).isEmpty
        try credentialImport.copy(found)
        let after = (try credentialImport.onlyThere([found]).isEmpty, try credentialImport.onlyThere([other]).isEmpty)
        #expect(!before && after.0 && !after.1)
    }

    // Places.

    @Test func `looks for the files at the places of the other programs`() {
        let usual = CredentialImport.Places { $0 == "HOME" ? "/home/a" : nil }
        #expect(usual.store == ["/home/a/.git-credentials", "/home/a/.config/git/credentials"])
        #expect(usual.gh == "/home/a/.config/gh/hosts.yml")
        #expect(usual.docker == ["/home/a/.docker/config.json", "/home/a/.config/containers/auth.json"])
        let variables = [
            "HOME": "/home/a", "XDG_CONFIG_HOME": "/c", "GH_CONFIG_DIR": "relative", "DOCKER_CONFIG": "/d",
            "XDG_RUNTIME_DIR": "/run/user/1",
        ]
        let moved = CredentialImport.Places { variables[$0] }
        #expect(moved.store == ["/home/a/.git-credentials", "/c/git/credentials"])
        #expect(moved.gh == "/c/gh/hosts.yml")
        #expect(moved.docker == ["/d/config.json", "/run/user/1/containers/auth.json", "/c/containers/auth.json"])
    }
}
