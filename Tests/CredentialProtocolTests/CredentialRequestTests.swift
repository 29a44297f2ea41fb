import CredentialProtocol
import Secrets
import Testing

/// protocol.md, section 4: the meaning of each attribute, in both dialects.
@Suite struct `Credential requests` {
    // Reading a list once took time that grew with the square of its lines.
    @Test(.timeLimit(.minutes(1)), arguments: ["wwwauth[]", "state[]"])
    func `a list of very many lines is read quickly`(_ name: String) throws {
        let request = try git(service + String(repeating: name + "=x\n", count: 80_000))
        #expect(request.wwwauth.count + request.state.count == 80_000)
    }

    @Test func `A complete request of git 2.46 is understood`() throws {
        let request = try git(
            """
            capability[]=authtype
            capability[]=state
            authtype=Bearer
            credential=token
            ephemeral=1
            protocol=https
            host=git.example.com:8443
            path=group/project.git
            username=alice
            password=secret
            oauth_refresh_token=refresh
            password_expiry_utc=1893456000
            wwwauth[]=Basic realm="a"
            wwwauth[]=Bearer realm="b"
            state[]=other:1
            state[]=keyfob:2

            """)
        #expect(
            request
                == CredentialRequest(
                    protocolName: "https", host: "git.example.com:8443", path: "group/project.git", username: "alice",
                    password: Secret("secret"), passwordExpiryUTC: 1_893_456_000, oauthRefreshToken: Secret("refresh"),
                    authtype: "Bearer", credential: Secret("token"), ephemeral: true,
                    capabilities: [.authtype, .state], wwwauth: ["Basic realm=\"a\"", "Bearer realm=\"b\""],
                    state: ["other:1", "keyfob:2"]))
    }

    @Test(arguments: Operation.allCases)
    func `The two lines that name the service are enough for every operation`(operation: Operation) throws {
        let expected = CredentialRequest(protocolName: "https", host: "git.example.com")
        #expect(try git(service, operation) == expected)
        #expect(try line(service, operation) == expected)
    }

    @Test func `An empty user name and an empty password are not the same as none`() throws {
        let request = try git(service + "username=\npassword=\n", .store)
        #expect(request.username == "")
        #expect(request.password == Secret(""))
    }

    @Test func `Unknown attributes are ignored`() throws {
        #expect(try git(service + "quit=1\ncontinue=maybe\nflavour=sweet\nlist[]=x\n") == git(service))
        #expect(try line(service + "quit=1\ncontinue=maybe\nflavour=sweet\nlist[]=x\n") == line(service))
    }

    @Test func `Unknown capabilities are ignored`() throws {
        #expect(try git("capability[]=time-travel\ncapability[]=state\n" + service).capabilities == [.state])
    }

    // MARK: Lists

    @Test func `An empty element clears what its list held`() throws {
        let lists = """
            capability[]=authtype
            capability[]=
            capability[]=state
            wwwauth[]=Basic
            wwwauth[]=
            wwwauth[]=Bearer
            wwwauth[]=Digest
            state[]=a:1
            state[]=

            """
        let request = try git(service + lists)
        #expect(request.capabilities == [.state])
        #expect(request.wwwauth == ["Bearer", "Digest"])
        #expect(request.state == [])
    }

    // MARK: Repetition

    private static let lastWins: [(String, String)] = [
        ("password=a\npassword=b\n", "password=b\n"),
        ("authtype=Basic\nauthtype=Bearer\n", "authtype=Bearer\n"),
        ("credential=a\ncredential=b\n", "credential=b\n"),
        ("ephemeral=1\nephemeral=0\n", "ephemeral=0\n"),
        ("password_expiry_utc=1\npassword_expiry_utc=2\n", "password_expiry_utc=2\n"),
        ("oauth_refresh_token=a\noauth_refresh_token=b\n", "oauth_refresh_token=b\n"),
    ]

    @Test(arguments: lastWins)
    func `The last value of a repeated attribute counts`(repeated: String, last: String) throws {
        #expect(try git(service + repeated) == git(service + last))
    }

    private static let identity: [(lines: String, attribute: Attribute)] = [
        ("protocol=http\n", .protocolName),
        ("host=evil.example\n", .host),
        ("host=GIT.example.com\n", .host),
        ("host=\n", .host),
        ("path=a\npath=b\n", .path),
        ("path=a\npath=\n", .path),
        ("username=alice\nusername=bob\n", .username),
        ("username=alice\nusername=\n", .username),
        ("url=https://a.example\nurl=https://b.example\n", .url),
    ]

    @Test(arguments: identity)
    func `An attribute that identifies the service or the user must not change`(lines: String, attribute: Attribute) {
        #expect(throws: RequestError.conflicting(attribute)) { try git(service + lines) }
        #expect(throws: RequestError.conflicting(attribute)) { try line(service + lines) }
    }

    @Test func `A repeated equal value is no conflict`() throws {
        #expect(try git(service + service + "path=a\npath=a\n") == git(service + "path=a\n"))
    }

    // MARK: Missing attributes

    private static let missing: [(request: String, attribute: Attribute)] = [
        ("", .protocolName),
        ("\n", .protocolName),
        ("username=alice\n", .protocolName),
        ("host=git.example.com\n", .protocolName),
        ("protocol=\nhost=git.example.com\n", .protocolName),
        ("protocol=https\n", .host),
        ("protocol=https\nhost=\n", .host),
        ("protocol=http\nhost=\npath=a\n", .host),
        ("protocol=HTTPS\nhost=\npath=a\n", .host),
        ("protocol=cert\n", .host),
        ("protocol=cert\nhost=\n", .host),
        ("protocol=cert\nhost=\npath=\n", .host),
        // Text after the blank line is not part of the request.
        ("protocol=https\n\nhost=git.example.com\n", .host),
    ]

    @Test(arguments: missing)
    func `A request without a service is refused`(request: String, attribute: Attribute) {
        for operation in Operation.allCases {
            #expect(throws: RequestError.missing(attribute)) { try git(request, operation) }
            #expect(throws: RequestError.missing(attribute)) { try line(request, operation) }
        }
    }

    @Test func `Protocols without a host name a path`() throws {
        let request = try git("protocol=cert\nhost=\npath=/etc/ssl/client.pem\nusername=\n")
        #expect(request.host == "")
        #expect(request.path == "/etc/ssl/client.pem")
        #expect(request.url == nil)
    }

    @Test func `Protocols other than http and https have no service URL`() throws {
        let request = try git("protocol=smtp\nhost=smtp.example.com:587\n")
        #expect(request.host == "smtp.example.com:587")
        #expect(request.url == nil)
    }

    @Test(arguments: ["ht tp", "1http", "https:", "https/", "+http", "htt\u{F6}p"])
    func `A protocol is a URL's scheme`(name: String) {
        #expect(throws: RequestError.invalid(.protocolName)) { try git("protocol=\(name)\nhost=a.example\n") }
    }

    // MARK: Values

    private static let expiries: [(value: String, expected: Int64?)] = [
        ("1893456000", 1_893_456_000), ("1", 1), ("9223372036854775807", .max),
        ("0", nil), ("9223372036854775808", nil), ("99999999999999999999999", nil),
        ("", nil), ("-1", nil), ("+1", nil), ("1.5", nil), ("soon", nil), (" 1", nil),
    ]

    @Test(arguments: expiries)
    func `An expiry is a number of seconds, and other values are ignored`(value: String, expected: Int64?) throws {
        #expect(try git(service + "password_expiry_utc=\(value)\n").passwordExpiryUTC == expected)
    }

    private static let booleans: [(value: String, expected: Bool)] = [
        ("1", true), ("true", true), ("TRUE", true), ("yes", true), ("on", true), ("2", true), ("-1", true),
        ("0", false), ("false", false), ("no", false), ("Off", false), ("", false),
    ]

    @Test(arguments: booleans)
    func `A boolean has the values that git accepts`(value: String, expected: Bool) throws {
        #expect(try git(service + "ephemeral=\(value)\n").ephemeral == expected)
    }

    @Test(arguments: ["maybe", "t", "1 ", "0x1", "yess"])
    func `A value that git does not accept as a boolean makes the request invalid`(value: String) {
        #expect(throws: RequestError.invalid(.ephemeral)) { try git(service + "ephemeral=\(value)\n") }
    }

    @Test(arguments: ["Bearer x", "Be,arer", "B\u{E4}rer", "\"Bearer\""])
    func `An authtype is a token`(value: String) {
        #expect(throws: RequestError.invalid(.authtype)) { try git(service + "authtype=\(value)\n") }
    }

    @Test func `An empty authtype or refresh token counts as absent`() throws {
        #expect(try git(service + "authtype=\noauth_refresh_token=\n") == git(service))
    }

    // MARK: Bytes that are not UTF-8

    @Test func `A path that is not UTF-8 keeps its bytes, percent-encoded`() throws {
        let input = Array((service + "path=gr\u{FC}n/").utf8) + [0xFF, 0xC3] + Array("/a%20b\n".utf8)
        #expect(try GitDialect().decode(input, for: .get).path == "gr\u{FC}n/%FF%C3/a%20b")
    }

    @Test func `A challenge that is not UTF-8 does not make a request invalid`() throws {
        let input = Array((service + "wwwauth[]=Basic realm=").utf8) + [0xE9] + Array("\nwwwauth[]=Bearer\n".utf8)
        #expect(try GitDialect().decode(input, for: .get).wwwauth == ["Basic realm=\u{FFFD}", "Bearer"])
    }

    @Test func `A password may contain any bytes except control characters`() throws {
        let input = Array((service + "password=").utf8) + [0xFF, 0x80, 0x3D, 0x20] + Array("\n".utf8)
        #expect(try GitDialect().decode(input, for: .store).password == Secret([0xFF, 0x80, 0x3D, 0x20]))
    }

    @Test(arguments: [("username", Attribute.username), ("protocol", .protocolName), ("host", .host)])
    func `A name that is not UTF-8 makes the request invalid`(name: String, attribute: Attribute) {
        let input = Array("\(name)=".utf8) + [0xFF] + Array("\n".utf8)
        #expect(throws: RequestError.invalid(attribute)) { try GitDialect().decode(input, for: .get) }
    }
}
