import Addresses
import CredentialProtocol
import Secrets
import Testing

/// protocol.md, sections 4 and 5: attributes of callers other than git, and `url` in both dialects.
@Suite struct `The requests of other callers` {
    @Test func `Scopes, a resource, a minimum lifetime and the permission to ask are understood`() throws {
        let asked = """
            scope=read_repository write_repository
            resource=https://git.example.com/
            min_ttl=600
            interaction=never

            """
        let request = try line(service + asked)
        #expect(request.scope == ["read_repository", "write_repository"])
        #expect(request.resource == "https://git.example.com/")
        #expect(request.minTTL == 600)
        #expect(request.interaction == .never)
    }

    @Test func `Git's dialect ignores them, whatever their values`() throws {
        let nonsense = "scope= \"\nresource=#\nmin_ttl=x\ninteraction=perhaps\n"
        #expect(try git(service + nonsense) == git(service))
    }

    private static let invalid: [(line: String, attribute: Attribute)] = [
        ("min_ttl=", .minTTL), ("min_ttl=-1", .minTTL), ("min_ttl=5m", .minTTL),
        ("min_ttl=99999999999999999999", .minTTL),
        ("interaction=", .interaction), ("interaction=Never", .interaction), ("interaction=maybe", .interaction),
        ("scope=a  b", .scope), ("scope= a", .scope), ("scope=a\"b", .scope), ("scope=a\\b", .scope),
        ("scope=\u{FC}", .scope),
        ("resource=", .resource), ("resource=git.example.com", .resource), ("resource=/api", .resource),
        ("resource=https:", .resource), ("resource=https://a.example/#x", .resource),
        ("resource=https://a.example/a b", .resource), ("resource=https://\u{E4}.example/", .resource),
    ]

    @Test(arguments: invalid)
    func `A value outside its grammar makes the request invalid`(text: String, attribute: Attribute) {
        #expect(throws: RequestError.invalid(attribute)) { try line(service + text + "\n") }
    }

    @Test(arguments: ["0", "1", "86400"])
    func `A minimum lifetime is a number of seconds`(value: String) throws {
        #expect(try line(service + "min_ttl=\(value)\n").minTTL == Int(value))
    }

    @Test(arguments: Interaction.allCases)
    func `The permission to ask is one of three words`(interaction: Interaction) throws {
        #expect(try line(service + "interaction=\(interaction.rawValue)\n").interaction == interaction)
    }

    @Test(arguments: ["https://api.example.com/", "https://api.example.com/v1?tenant=a", "urn:example:api"])
    func `A resource is an absolute URI`(value: String) throws {
        #expect(try line(service + "resource=\(value)\n").resource == value)
    }

    @Test func `An empty scope counts as no scope`() throws {
        #expect(try line(service + "scope=\n").scope == [])
    }

    // MARK: url

    private static let urls: [(url: String, expected: CredentialRequest)] = [
        ("https://git.example.com", .init(protocolName: "https", host: "git.example.com")),
        ("https://git.example.com/", .init(protocolName: "https", host: "git.example.com")),
        ("https://Git.Example.com:8443", .init(protocolName: "https", host: "Git.Example.com:8443")),
        ("http://[::1]:8080/x", .init(protocolName: "http", host: "[::1]:8080", path: "x")),
        ("https://git.example.com/a/b.git//", .init(protocolName: "https", host: "git.example.com", path: "a/b.git")),
        ("https://git.example.com//a/b.git", .init(protocolName: "https", host: "git.example.com", path: "/a/b.git")),
        (
            "https://git.example.com/a%20b/%C3%BC",
            .init(protocolName: "https", host: "git.example.com", path: "a b/\u{FC}")
        ),
        ("https://git.example.com/a%FF", .init(protocolName: "https", host: "git.example.com", path: "a%FF")),
        ("https://git.example.com/v1?page=2#top", .init(protocolName: "https", host: "git.example.com", path: "v1")),
        ("https://git.example.com?page=2", .init(protocolName: "https", host: "git.example.com")),
        ("https://alice@git.example.com", .init(protocolName: "https", host: "git.example.com", username: "alice")),
        ("https://@git.example.com", .init(protocolName: "https", host: "git.example.com", username: "")),
        (
            "https://alice%40home:p%3Aw@git.example.com/x",
            .init(
                protocolName: "https", host: "git.example.com", path: "x", username: "alice@home",
                password: Secret("p:w"))
        ),
        ("cert:///client.pem", .init(protocolName: "cert", host: "", path: "client.pem")),
        ("cert:///home/../client.pem", .init(protocolName: "cert", host: "", path: "home/../client.pem")),
    ]

    @Test(arguments: urls)
    func `A URL replaces its parts`(url: String, expected: CredentialRequest) throws {
        #expect(try line("url=\(url)\n") == expected)
        #expect(try git("url=\(url)\n") == expected)
    }

    private static let refusedURLs: [(url: String, error: RequestError)] = [
        ("", .invalid(.url)),
        ("git.example.com", .invalid(.url)),
        ("://git.example.com", .invalid(.url)),
        ("https:git.example.com", .invalid(.url)),
        ("https://git.example.com/%zz", .invalid(.url)),
        ("https://git.example.com/%4", .invalid(.url)),
        ("https://a@b@git.example.com/", .invalid(.url)),
        ("https://%FF@git.example.com/", .invalid(.url)),
        ("https://", .missing(.host)),
        ("https:///path", .missing(.host)),
        ("https://alice@/path", .missing(.host)),
        ("https://git.example.com%2eevil.example/", .invalid(.host)),
        ("https://b\u{FC}cher.example/", .internationalHost), ("https://\u{4F8B}.example:1", .internationalHost),
        ("https://git.example\u{FF0E}com/", .internationalHost),
        ("https://git.example.com\\@evil.example/", .invalid(.url)),
        ("https://git.example.com\\.evil.example/", .invalid(.url)),
        ("https://git.example.com/a\\b", .invalid(.url)),
        ("https://git.example.com/a b", .invalid(.url)),
        // Encoded control characters (CVE-2020-5260).
        ("https://git.example.com/%0ahost=evil.example", .forbiddenByte(line: 1, byte: 0x0A)),
        ("https://git.example.com/%0d", .forbiddenByte(line: 1, byte: 0x0D)),
        ("https://a%00b@git.example.com/", .forbiddenByte(line: 1, byte: 0x00)),
        ("https://a:%1b@git.example.com/", .forbiddenByte(line: 1, byte: 0x1B)),
    ]

    @Test(arguments: refusedURLs)
    func `An ambiguous URL is refused`(url: String, error: RequestError) {
        #expect(throws: error) { try line("url=\(url)\n") }
        #expect(throws: error) { try git("url=\(url)\n") }
    }

    private static let ambiguous = [
        "..", ".", "a/../b", "../b", "a/..", "a/./b", "..;/b", "a/..;x=1/b", ".;", "a\\b", "a%2fb", "a%5Cb", "%2e%2E/b",
        "a/.%2e/b", "%c0%af", "%E0%80%AFb",
    ]

    @Test(arguments: ambiguous)
    func `An ambiguous path is refused, but not from git`(path: String) throws {
        #expect(throws: RequestError.ambiguousPath(.path)) { try line(service + "path=\(path)\n") }
        #expect(try git(service + "path=\(path)\n").url?.isAmbiguous == true)
        if path.contains("\\") { return }
        for dialect in [LineDialect(), GitDialect()] as [any AttributeDialect] {
            #expect(throws: RequestError.ambiguousPath(.url)) {
                try dialect.decode(Array("url=https://git.example.com/\(path)\n".utf8), for: .get)
            }
        }
    }

    @Test(arguments: [
        "...", ".git", "..a", "a..b", "a.", "a;..", "%20", "caf\u{E9}", "a//b", "@scope/name", "a%25b", "a%FFb",
    ])
    func `A path with dots, spaces or other letters is accepted`(path: String) throws {
        #expect(try line(service + "path=\(path)\n").url?.isAmbiguous == false)
    }

    @Test(arguments: ["protocol=https\n", "host=git.example.com\n", "path=a\n", service])
    func `A URL must not occur together with its parts`(parts: String) {
        #expect(throws: RequestError.conflicting(.url)) { try line("url=https://git.example.com/a\n" + parts) }
        #expect(throws: RequestError.conflicting(.url)) { try line(parts + "url=https://git.example.com/a\n") }
    }

    @Test func `In git's dialect the parts count if both are given`() throws {
        #expect(try git("url=https://evil.example/x\n" + service) == git(service))
        #expect(throws: RequestError.missing(.host)) { try git("url=https://evil.example/x\nprotocol=https\n") }
    }

    @Test func `The user name of a URL and the attribute must agree`() throws {
        #expect(try line("url=https://alice@git.example.com\nusername=alice\n").username == "alice")
        #expect(throws: RequestError.conflicting(.username)) {
            try line("url=https://alice@git.example.com\nusername=bob\n")
        }
        #expect(try line("url=https://git.example.com\nusername=bob\n").username == "bob")
    }
}
