import Addresses
import CredentialProtocol
import SecretService
import Secrets
import TestSupport
import Testing

@testable import KeyfobCore

/// git's own tests of a helper that stores passwords (t/lib-credential.sh, which t0303 runs), as values.
@Suite struct `The store of passwords in git's own tests` {
    let items = InMemoryItemStore()
    var store: PasswordStore { PasswordStore(items: items, paths: .git) }

    /// The user name and password that are found.
    private func found(_ request: CredentialRequest) throws -> [String]? {
        try store.password(for: request).map { [$0.username ?? "nil", $0.password.exposedText ?? "nil"] }
    }

    private func keep(_ request: CredentialRequest) throws { try store.store(request) }

    @Test func `1: an empty store has nothing`() throws {
        #expect(try found(.git()) == nil)
    }

    @Test func `2 and 3: a password is found without its user name`() throws {
        try keep(.git(username: "store-user", password: "store-pass"))
        #expect(try found(.git()) == ["store-user", "store-pass"])
    }

    @Test(arguments: [
        // 4: the protocol, 5: the host, 6: the user, must be the same
        CredentialRequest.git(protocolName: "http"), .git("other.example.com"), .git(username: "other"),
        .git("example.com"), .git("x.git.example.com"), .git("git.example.com:80"), .git("git.example.com:8443"),
        .git(path: "foo.git"),
    ])
    func `4 to 6: nothing else is found`(_ request: CredentialRequest) throws {
        try keep(.git(username: "user", password: "pass"))
        #expect(try found(request) == nil)
        #expect(try found(.git(username: "user")) == ["user", "pass"])
    }

    @Test func `7: the path in a request must match, and a request without one matches any`() throws {
        try keep(.git(path: "foo.git", username: "user", password: "pass"))
        #expect(try found(.git(path: "bar.git")) == nil)
        #expect(try found(.git(path: "foo")) == nil)
        #expect(try found(.git(path: "foo.git")) == ["user", "pass"])
        #expect(try found(.git()) == ["user", "pass"])
    }

    @Test func `8: storing again overwrites, and the new password removes it`() throws {
        try keep(.git(username: "user", password: "pass1"))
        try keep(.git(username: "user", password: "pass2"))
        #expect(items.items.count == 1)
        try store.erase(.git(username: "user", password: "pass2"))
        #expect(try found(.git()) == nil)
    }

    @Test func `9: an erase that names the host alone removes`() throws {
        try keep(.git(username: "user", password: "pass"))
        try store.erase(.git())
        #expect(items.items.isEmpty)
    }

    @Test func `10: the passwords of two users are independent`() throws {
        try keep(.git(username: "user1", password: "pass1"))
        try keep(.git(username: "user2", password: "pass2"))
        #expect(try found(.git(username: "user1")) == ["user1", "pass1"])
        #expect(try found(.git(username: "user2")) == ["user2", "pass2"])
    }

    @Test func `11: an erase with another password deletes nothing`() throws {
        try keep(.git(username: "user", password: "new"))
        try store.erase(.git(username: "user", password: "old"))
        #expect(try found(.git()) == ["user", "new"])
    }

    @Test func `12 and 13: an erase by user name removes that user and no other`() throws {
        try keep(.git(username: "user1", password: "pass1"))
        try keep(.git(username: "user2", password: "pass2"))
        try store.erase(.git(username: "user1"))
        #expect(try found(.git(username: "user1")) == nil)
        #expect(try found(.git(username: "user2")) == ["user2", "pass2"])
    }

    @Test func `14: an empty user name and an empty password are stored`() throws {
        try keep(.git(username: "", password: ""))
        #expect(try found(.git()) == ["", ""])
        #expect(try found(.git(username: "")) == ["", ""])
        #expect(try found(.git(username: "user")) == nil)
    }

    @Test func `15: an erase by host removes all its users, and no other host's`() throws {
        for user in ["user1", "user2", ""] { try keep(.git(username: user, password: "pass")) }
        try keep(.git("other.example.com", username: "user", password: "pass"))
        try store.erase(.git())
        #expect(items.items.map(\.attributes["server"]) == ["other.example.com"])
    }

    @Test func `16: a server's challenges are ignored`() throws {
        try keep(.git("victim.example.com", username: "user", password: "pass"))
        var request = CredentialRequest.git("evil.example.com")
        request.wwwauth = [String(repeating: "x", count: 100_000) + "host=victim.example.com"]
        #expect(try found(request) == nil)
    }

    @Test func `17 to 19: the expiry is stored, and a new one overwrites`() throws {
        var request = CredentialRequest.git(username: "user", password: "pass")
        request.passwordExpiryUTC = 1_900_000_000
        try keep(request)
        #expect(try store.password(for: .git())?.passwordExpiryUTC == 1_900_000_000)
        request.passwordExpiryUTC = 2_000_000_000
        try keep(request)
        #expect(items.items.count == 1)
        #expect(try store.password(for: .git())?.passwordExpiryUTC == 2_000_000_000)
        try store.erase(.git(username: "user", password: "pass"))
        #expect(items.items.isEmpty)
    }

    @Test func `20 and 21: the refresh token that git gave is stored`() throws {
        var request = CredentialRequest.git(username: "user", password: "pass")
        request.oauthRefreshToken = Secret("xyzzy")
        try keep(request)
        #expect(try store.password(for: .git())?.oauthRefreshToken == Secret("xyzzy"))
        #expect(try store.password(for: .git())?.password == Secret("pass"))
    }
}

/// The behaviour that differs from git-credential-libsecret, or that git's tests do not cover.
@Suite struct `The store of passwords` {
    let items = InMemoryItemStore()
    var store: PasswordStore { PasswordStore(items: items) }

    /// The stored path and its password.
    @Test func `gives other callers only the password of their path`() throws {
        for (path, word) in [("user/a", "a"), (nil, "host"), ("user/b", "b")] as [(String?, String)] {
            try store.store(.git(path: path, username: "user", password: word))
        }
        func found(_ path: String?) throws -> String? {
            try store.password(for: .git(path: path))?.password.exposedText
        }
        #expect(try found("user/a") == "a")
        #expect(try found("user/b") == "b")
        #expect(try found(nil) == "host")
        for path in ["user", "user/", "user/a/x", "user/c", "USER/A", "/user/a", "user//a"] {
            #expect(try found(path) == nil, "\(path)")
        }
    }

    @Test func `gives other callers without a path nothing that was stored for a path`() throws {
        try store.store(.git(path: "user/a", username: "user", password: "a"))
        #expect(try store.password(for: .git()) == nil)
        #expect(try PasswordStore(items: items, paths: .git).password(for: .git())?.password == Secret("a"))
    }

    @Test func `deletes for other callers only passwords that they could get`() throws {
        for path in ["user/a", nil, "user/b"] {
            try store.store(.git(path: path, username: "user", password: "word"))
        }
        try store.erase(.git())
        #expect(items.items.map(\.attributes["object"]) == ["user/a", "user/b"])
        try store.erase(.git(path: "user/a"))
        #expect(items.items.map(\.attributes["object"]) == ["user/b"])
        try PasswordStore(items: items, paths: .git).erase(.git())
        #expect(items.items.isEmpty)
    }

    /// The texts of a pair are equal in Swift and in the store in memory. KeePassXC even ignores case.
    @Test(arguments: [("caf\u{E9}", "cafe\u{301}"), ("K", "\u{212A}")], [PasswordStore.PathRule.exact, .git])
    func `compares by bytes, not by equivalent characters`(_ texts: (String, String), _ rule: PasswordStore.PathRule)
        throws
    {
        let store = PasswordStore(items: items, paths: rule)
        try store.store(.git(path: texts.0, username: texts.0, password: "word"))
        #expect(try store.password(for: .git(path: texts.1)) == nil)
        #expect(try store.password(for: .git(path: texts.0, username: texts.1)) == nil)
        #expect(try store.kept(for: .git(path: texts.1, username: texts.1)) == nil)
        #expect(try !store.holds(.git(path: texts.1, username: texts.1, password: "word")))
        #expect(PasswordStore.Place(.git(path: texts.0)) != PasswordStore.Place(.git(path: texts.1)))
        #expect(try store.password(for: .git(path: texts.0))?.password == Secret("word"))
    }

    @Test func `compares a host of another protocol by its bytes`() throws {
        try store.store(.git("k.example.com", protocolName: "smtp", username: "user", password: "word"))
        #expect(try store.password(for: .git("\u{212A}.example.com", protocolName: "smtp")) == nil)
        #expect(try store.password(for: .git("K.example.com", protocolName: "smtp"))?.password == Secret("word"))
    }

    @Test func `gives the newest of several passwords`() throws {
        for user in ["oldest", "middle", "newest"] { try store.store(.git(username: user, password: "pass")) }
        #expect(try store.password(for: .git())?.username == "newest")
        try store.store(.git(username: "oldest", password: "changed"))
        #expect(try store.password(for: .git())?.username == "oldest")
    }

    @Test func `erases by the password of each item, not of the first one found`() throws {
        try store.store(.git(username: "user1", password: "pass1"))
        try store.store(.git(username: "user2", password: "pass2"))
        try store.store(.git(username: "user3", password: "pass1"))
        try store.erase(.git(password: "pass1"))
        #expect(items.items.map(\.attributes["user"]) == ["user2"])
    }

    @Test(arguments: [("h.example.com", "h.example.com:443"), ("h.example.com:443", "h.example.com")])
    func `treats the default port as absent`(_ stored: String, _ asked: String) throws {
        try store.store(.git(stored, username: "user", password: "word"))
        #expect(try store.password(for: .git(asked))?.password == Secret("word"))
        #expect(try store.holds(.git(asked, username: "user", password: "word")))
        try store.erase(.git(asked))
        #expect(items.items.isEmpty)
    }

    @Test func `finds items of git-credential-libsecret with the default port`() throws {
        let attributes = ["protocol": "https", "server": "h.example.com", "port": "443", "user": "user"]
        try items.store(
            PasswordStore.schema, attributes: attributes, label: "", secret: Secret("word"), in: .default)
        #expect(try store.password(for: .git("h.example.com"))?.password == Secret("word"))
        #expect(try store.password(for: .git("h.example.com:8443")) == nil)
    }

    @Test func `treats the port as a part of the host`() throws {
        for host in ["h.example.com", "h.example.com:8443", "h.example.com:8444"] {
            try store.store(.git(host, username: "user", password: host))
        }
        for host in ["h.example.com", "h.example.com:8443", "h.example.com:8444"] {
            #expect(try store.password(for: .git(host))?.password == Secret(host))
        }
        try store.erase(.git("h.example.com"))
        #expect(try store.password(for: .git("h.example.com")) == nil)
        #expect(items.items.count == 2)
    }

    @Test(arguments: [
        ("h.example.com", ["server": "h.example.com"]),
        ("h.example.com:8443", ["server": "h.example.com", "port": "8443"]),
        ("[::1]", ["server": "[::1]"]),
        ("[::1]:8443", ["server": "[::1]", "port": "8443"]),
        ("[2001:db8::2]:65535", ["server": "[2001:db8::2]", "port": "65535"]),
        ("H.Example.COM:8443", ["server": "h.example.com", "port": "8443"]),
        // An invalid port stays a part of the name
        ("h:65536", ["server": "h:65536"]), ("h:", ["server": "h:"]), ("h:x", ["server": "h:x"]),
        ("h:-1", ["server": "h:-1"]), ("h:+1", ["server": "h:+1"]),
    ])
    func `divides host and port as git-credential-libsecret does`(_ host: String, _ expected: [String: String]) {
        let attributes = PasswordStore.attributes(of: .git(host))
        #expect(attributes == expected.merging(["protocol": "https"]) { $1 })
    }

    @Test func `gives an item exactly the attributes of the request`() {
        #expect(
            PasswordStore.attributes(of: .git("h:1", path: "a/b.git", username: "u", password: "p"))
                == ["protocol": "https", "server": "h", "port": "1", "object": "a/b.git", "user": "u"])
        #expect(PasswordStore.attributes(of: .git(path: "", username: ""))?["object"] == nil)
        #expect(PasswordStore.attributes(of: .git(path: "", username: ""))?["user"] == "")
    }

    @Test func `stores a password without a host by its path, and nothing without both`() throws {
        let certificate = CredentialRequest.git(
            "", protocolName: "cert", path: "home/key.pem", username: "", password: "p")
        try store.store(certificate)
        #expect(try store.password(for: certificate)?.password == Secret("p"))
        let nothing = CredentialRequest.git("", protocolName: "cert", username: "", password: "p")
        try store.store(nothing)
        #expect(items.items.count == 1)
        #expect(try store.password(for: nothing) == nil)
        try store.erase(nothing)
        #expect(items.items.count == 1)
    }

    @Test(
        arguments: [
            // The text of an item; the password, the expiry and the refresh token in it
            ("pass", "pass", nil, nil), ("", "", nil, nil), ("\n", "", nil, nil),
            ("pass\npassword_expiry_utc=5\noauth_refresh_token=r", "pass", 5, "r"),
            ("pass\noauth_refresh_token=r\npassword_expiry_utc=5\n", "pass", 5, "r"),
            ("\npassword_expiry_utc=5", "", 5, nil), ("pass\noauth_refresh_token=a=b", "pass", nil, "a=b"),
            // Lines of a later git, and invalid lines
            ("pass\nsomething=else\npassword_expiry_utc=5", "pass", 5, nil), ("pass\n", "pass", nil, nil),
            ("pass\npassword_expiry_utc=soon", "pass", nil, nil), ("pass\npassword_expiry_utc=", "pass", nil, nil),
            // The first line is always the password
            ("password_expiry_utc=5", "password_expiry_utc=5", nil, nil),
            ("p\u{E4}ss w\u{F6}rd=", "p\u{E4}ss w\u{F6}rd=", nil, nil),
            // A secret of several lines that git did not write is not cut
            ("pass\nnothing", "pass\nnothing", nil, nil), ("{\n \"a\": 1\n}\n", "{\n \"a\": 1\n}\n", nil, nil),
            ("user=a\npassword=b", "user=a\npassword=b", nil, nil), ("a\n\nb", "a\n\nb", nil, nil),
            ("-----BEGIN-----\nMII=\n-----END-----\n", "-----BEGIN-----\nMII=\n-----END-----\n", nil, nil),
            ("a\npassword_expiry_utc=5\nb", "a\npassword_expiry_utc=5\nb", nil, nil),
        ] as [(String, String, Int64?, String?)])
    func `reads an item's text line by line`(
        _ text: String, _ password: String, _ expiry: Int64?, _ refreshToken: String?
    ) throws {
        let attributes = ["protocol": "https", "server": "git.example.com", "user": "u"]
        try items.store(PasswordStore.schema, attributes: attributes, label: "", secret: Secret(text), in: .default)
        let found = try #require(try store.password(for: .git()))
        #expect(found.password.exposedText == password)
        #expect(found.passwordExpiryUTC == expiry)
        #expect(found.oauthRefreshToken?.exposedText == refreshToken)
        #expect(found.authtype == nil)
    }

    @Test func `writes the same text as git-credential-libsecret`() throws {
        var request = CredentialRequest.git("h:1", path: "p", username: "u", password: "pass")
        request.passwordExpiryUTC = 5
        request.oauthRefreshToken = Secret("r")
        try store.store(request)
        let item = try #require(items.items.first)
        #expect(item.secret.exposedText == "pass\npassword_expiry_utc=5\noauth_refresh_token=r")
        #expect(item.attributes == ["protocol": "https", "server": "h", "port": "1", "object": "p", "user": "u"])
        #expect(!item.label.contains("/"))
    }

    @Test func `finds items of newer versions of git-credential-libsecret, and updates them in place`() throws {
        let newer = ItemSchema(name: "org.git.Password", attributes: PasswordStore.schema.attributes)
        let attributes = ["protocol": "https", "server": "git.example.com", "user": "u"]
        try items.store(newer, attributes: attributes, label: "", secret: Secret("theirs"), in: .default)
        #expect(try store.password(for: .git())?.password == Secret("theirs"))
        try store.store(.git(username: "u", password: "ours"))
        #expect(items.items.map(\.secret) == [Secret("ours")])
    }

    @Test func `knows exactly the stored passwords`() throws {
        var request = CredentialRequest.git(path: "p", username: "u", password: "pass")
        request.passwordExpiryUTC = 5
        try store.store(request)
        #expect(try store.holds(request))
        var differing = [CredentialRequest](repeating: request, count: 5)
        differing[0].password = Secret("other")
        differing[1].passwordExpiryUTC = nil
        differing[2].oauthRefreshToken = Secret("r")
        differing[3].path = nil  // The same credential for the whole host is another item
        differing[4].username = "v"
        for request in differing { #expect(try !store.holds(request)) }
    }

    @Test func `stores nothing without a user name or without a password`() throws {
        try store.store(.git(password: "p"))
        try store.store(.git(username: "u"))
        #expect(items.items.isEmpty)
    }

    @Test func `ignores items without a user name, which git cannot use`() throws {
        let attributes = ["protocol": "https", "server": "git.example.com"]
        try items.store(PasswordStore.schema, attributes: attributes, label: "", secret: Secret("x"), in: .default)
        #expect(try store.password(for: .git()) == nil)
    }

    @Test func `reports that a match is locked, never that there is none; and deletes nothing`() throws {
        try store.store(.git(username: "u", password: "p"))
        items.lock()
        #expect(throws: SecretServiceError.locked) { try store.password(for: .git()) }
        #expect(throws: SecretServiceError.locked) { try store.erase(.git()) }
        #expect(throws: SecretServiceError.locked) { try store.store(.git(username: "u", password: "q")) }
        #expect(try store.password(for: .git("other.example.com")) == nil)
        items.lock(false)
        #expect(try store.password(for: .git())?.password == Secret("p"))
    }
}
