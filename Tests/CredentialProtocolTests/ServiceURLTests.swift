import Addresses
import CredentialProtocol
import Testing

/// protocol.md, section 4.2: which service a request is about, and which services are the same.
@Suite struct `Service URLs` {
    // MARK: Reading

    private static let readable: [(text: String, origin: String, segments: [String])] = [
        ("https://git.example.com", "https://git.example.com", []),
        ("https://git.example.com/", "https://git.example.com", []),
        ("HTTPS://GIT.Example.COM", "https://git.example.com", []),
        ("https://git.example.com:443/", "https://git.example.com", []),
        ("https://git.example.com:80/", "https://git.example.com:80", []),
        ("http://git.example.com:80/", "http://git.example.com", []),
        ("http://localhost:8080", "http://localhost:8080", []),
        ("https://git.example.com:65535", "https://git.example.com:65535", []),
        ("https://intranet", "https://intranet", []),
        ("https://my_host-1.example", "https://my_host-1.example", []),
        ("https://xn--mller-kva.example", "https://xn--mller-kva.example", []),
        ("https://192.0.2.1", "https://192.0.2.1", []),
        ("https://[::1]:8443", "https://[::1]:8443", []),
        ("https://[2001:DB8::A]/", "https://[2001:db8::a]", []),
        ("https://[::ffff:192.0.2.1]", "https://[::ffff:192.0.2.1]", []),
        ("https://git.example.com/group/project.git", "https://git.example.com", ["group", "project.git"]),
        ("https://git.example.com/group/x//", "https://git.example.com", ["group", "x"]),
        ("https://git.example.com//group//x", "https://git.example.com", ["", "group", "", "x"]),
        ("https://git.example.com/a/b/%C3%BC", "https://git.example.com", ["a", "b", "\u{FC}"]),
        ("https://git.example.com/a/\u{301}b", "https://git.example.com", ["a", "\u{301}b"]),
        ("https://git.example.com/a@b:c", "https://git.example.com", ["a@b:c"]),
    ]

    @Test(arguments: readable)
    func `A URL is split into its origin and its path`(text: String, origin: String, segments: [String]) throws {
        let url = try ServiceURL(text)
        #expect(url.origin == origin)
        #expect(url.pathSegments == segments)
        #expect(try ServiceURL(url.description) == url)
    }

    private static let unreadable: [(text: String, error: ServiceURL.ParsingError)] = [
        ("", .notAbsolute), ("git.example.com", .notAbsolute), ("//git.example.com", .notAbsolute),
        ("https:/git.example.com", .notAbsolute), ("git@git.example.com:a/b", .notAbsolute),
        ("-https://git.example.com", .notAbsolute),
        ("ssh://git.example.com", .unsupportedScheme("ssh")), ("file:///etc/passwd", .unsupportedScheme("file")),
        ("https://alice@git.example.com", .userinfo), ("https://@git.example.com", .userinfo),
        ("https://git.example.com/?a", .queryOrFragment), ("https://git.example.com#a", .queryOrFragment),
        ("https://git.example.com/a/./b", .ambiguousPath), ("https://git.example.com/a/../b", .ambiguousPath),
        ("https://git.example.com/..", .ambiguousPath), ("https://git.example.com/%2e%2E/b", .ambiguousPath),
        ("https://git.example.com/a%2Fb", .ambiguousPath), ("https://git.example.com/a%2fb", .ambiguousPath),
        ("https://git.example.com/a%5Cb", .ambiguousPath), ("https://git.example.com/a%5cb", .ambiguousPath),
        ("https://git.example.com/a%252Fb", .ambiguousPath), ("https://git.example.com/a/..;x/b", .ambiguousPath),
        ("https://git.example.com/%", .malformedEscape), ("https://git.example.com/%g0", .malformedEscape),
        ("https://git.example.com/%0A", .forbiddenByte(0x0A)), ("https://git.example.com/\u{7F}", .forbiddenByte(0x7F)),
        ("https://git.example.com/a b", .forbiddenByte(0x20)), ("https://git.example.com\\x", .forbiddenByte(0x5C)),
        ("https://git.example.com:", .invalidPort), ("https://git.example.com:0", .invalidPort),
        ("https://git.example.com:65536", .invalidPort), ("https://git.example.com:0443", .invalidPort),
        ("https://git.example.com:+443", .invalidPort), ("https://git.example.com:443x", .invalidPort),
        ("https://git.example.com:\u{664}\u{664}\u{663}", .invalidPort),
    ]

    @Test(arguments: unreadable)
    func `Each kind of invalid URL has its own error`(text: String, error: ServiceURL.ParsingError) {
        #expect(throws: error) { try ServiceURL(text) }
    }

    // MARK: Hosts

    private static let badHosts = [
        "", ".", "..", ".example.com", "example.com.", "GITHUB.com.", "a..b", "-a.example", "a-.example", "a.-b",
        "a b", "a%2eb", "a,b", "a;b", "a*b", "*.example.com", "a'b", "a\"b", "a$(b)", "a`b", "a|b",
        "m\u{FC}ller.example", "git\u{3002}example\u{3002}com", "\u{FF47}it.example.com", "g\u{131}t.example.com",
        "127.1", "127.0.0", "127.0.0.1.1", "0127.0.0.1", "127.0.0.256", "2130706433", "0x7f.1", "0x7f000001", "1.0x",
        "a.1", "[", "]", "[]", "[::1", "::1", "[::1]x", "[:::]", "[::1::]", "[1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:8:9]",
        "[1:2:3:4:5:6:7::8]", "[12345::]", "[g::]", "[::1%25eth0]", "[fe80::1%eth0]", "[127.0.0.1]", "[::127.0.0]",
        "[::127.0.0.1:1]", "[v1.a]",
        String(repeating: "a", count: 64) + ".example",
        repeatElement("abcdefgh", count: 29).joined(separator: ".") + ".example",
    ]

    @Test(arguments: badHosts)
    func `A host is a name, or an address in its one usual form`(host: String) {
        #expect(ServiceURL(protocolName: "https", host: host, path: nil) == nil)
        for operation in Operation.allCases {
            #expect(throws: RequestError.self) { try git("protocol=https\nhost=\(host)\n", operation) }
        }
    }

    @Test(arguments: ["/", "?", "#", "@", "\\", " ", "%", "\t", "<", ">", "^", "~", "!", "&", "(", ")", "+", "="])
    func `A host contains no delimiter`(delimiter: String) {
        #expect(ServiceURL(protocolName: "https", host: "a\(delimiter)b.example", path: nil) == nil)
    }

    private static let loopback: [(host: String, expected: Bool)] = [
        ("localhost", true), ("LOCALHOST", true), ("127.0.0.1", true), ("127.255.0.9", true), ("[::1]", true),
        ("[0:0:0:0:0:0:0:1]", true), ("localhost:8080", true), ("[::1]:8080", true),
        ("localhost.example", false), ("a.localhost", false), ("127.0.0.1.example", false), ("128.0.0.1", false),
        ("12.7.0.0", false), ("[::2]", false), ("[::]", false), ("0.0.0.0", false), ("[::ffff:127.0.0.1]", false),
        ("git.example.com", false),
    ]

    @Test(arguments: loopback)
    func `Only a loopback address or localhost counts as this machine`(host: String, expected: Bool) throws {
        let url = try #require(ServiceURL(protocolName: "http", host: host, path: nil))
        #expect(url.isLoopback == expected)
    }

    // MARK: Comparing

    private static let others: [(String, String)] = [
        ("https://github.com", "https://github.com.evil.example"),
        ("https://github.com", "https://evil-github.com"),
        ("https://github.com", "https://www.github.com"),
        ("https://github.com", "https://github.com:8443"),
        ("https://github.com:8443", "https://github.com"),
        ("https://github.com", "http://github.com"),
        ("https://github.com:80", "http://github.com"),
        ("https://m\u{75}ller.example", "https://xn--mller-kva.example"),
        ("https://[::1]:8443", "https://[::1]"),
        ("https://[::1]", "https://localhost"),
        ("https://127.0.0.1", "https://127.0.0.2"),
        ("https://github.com/alice", "https://github.com"),
        ("https://github.com/alice", "https://github.com/alice2"),
        ("https://github.com/alice", "https://github.com/Alice"),
        ("https://github.com/alice", "https://github.com/al/ice"),
        ("https://github.com/alice", "https://github.com//alice"),
        ("https://github.com/alice", "https://github.com//alice/x"),
        // Equal to Swift, but other bytes to a server
        ("https://github.com/caf\u{E9}", "https://github.com/cafe\u{301}"),
        ("https://github.com/cafe\u{301}/x", "https://github.com/caf\u{E9}/x"),
        ("https://github.com/K", "https://github.com/\u{212A}"),
        ("https://github.com/K", "https://github.com/%E2%84%AA/x"),
        ("https://github.com/alice", "https://github.com/alice%CC%81"),
        // To Swift, a combining mark hides the slash before it; to a server it does not
        ("https://github.com/alice/\u{301}x", "https://github.com/alice/x"),
        ("https://github.com/bob/\u{301}x", "https://github.com/bob/\u{300}x"),
        ("https://github.com/alice", "https://github.com/alice%20"),
        ("https://github.com/alice/x", "https://github.com/alice"),
    ]

    @Test(arguments: others)
    func `A service contains no other service`(mine: String, other: String) throws {
        let (mine, other) = (try ServiceURL(mine), try ServiceURL(other))
        #expect(!mine.contains(other))
        #expect(mine != other)
    }

    private static let contained: [(String, String)] = [
        ("https://github.com", "https://github.com"),
        ("https://github.com", "https://GITHUB.com:443/"),
        ("https://github.com", "https://github.com/alice/x.git"),
        ("https://github.com/alice", "https://github.com/alice"),
        ("https://github.com/alice", "https://github.com/alice/"),
        ("https://github.com/alice/", "https://github.com/alice/x.git"),
        ("https://github.com/alice", "https://github.com/alice//x.git"),
        ("https://github.com/alice", "https://github.com/alice/\u{301}x"),
        ("https://github.com/caf\u{E9}", "https://github.com/caf%C3%A9/x"),
        ("https://github.com/a%20b", "https://github.com/%61%20b/c"),
        ("http://[::1]:8080", "http://[::1]:8080/x"),
    ]

    @Test(arguments: contained)
    func `A service contains itself and everything below its path`(mine: String, other: String) throws {
        #expect(try ServiceURL(mine).contains(try ServiceURL(other)))
    }

    @Test func `A request and a URL that mean the same service are equal`() throws {
        let request = try git("protocol=https\nhost=Git.Example.com:443\npath=gr\u{FC}n/a b.git\n")
        #expect(request.url == (try ServiceURL("https://git.example.com/gr%C3%BCn/a%20b.git")))
        #expect(request.url?.description == "https://git.example.com/gr%C3%BCn/a%20b.git")
        #expect(request.host == "Git.Example.com:443")
    }

    @Test func `The path of a request is used as git decoded it`() throws {
        let request = try git("protocol=https\nhost=git.example.com\npath=a%2Fb?c#d\n")
        #expect(request.url?.pathSegments == ["a%2Fb?c#d"])
        #expect(request.url?.description == "https://git.example.com/a%252Fb%3Fc%23d")
    }

    @Test(arguments: [
        "alice/../bob", "alice/x/..", "bob/../alice", "alice/./x", "alice/..;/bob", "alice\\x", "alice/a%2fb",
    ])
    func `An ambiguous path from git belongs to the whole origin only`(path: String) throws {
        let asked = try git("protocol=https\nhost=github.com\npath=\(path)\n").url
        let url = try #require(asked)
        #expect(try ServiceURL("https://github.com").contains(url))
        for service in ["alice", "bob", "alice/x", "alice/.", "alice/a"] {
            let account = ServiceURL(protocolName: "https", host: "github.com", path: service)
            #expect(account?.contains(url) == false, "\(service)")
        }
        #expect(!url.contains(url))
    }
}
