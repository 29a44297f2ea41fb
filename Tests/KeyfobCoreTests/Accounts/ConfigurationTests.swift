import Addresses
import CredentialProtocol
import Glibc
import OAuth
import TestSupport
import Testing

@testable import KeyfobCore

@Suite struct `The configuration` {
    private func read(_ text: String) throws -> Configuration {
        try TOMLConfiguration(text, file: "config.toml").decode()
    }

    @Test func `has no values if the file is empty`() throws {
        #expect(try read("") == Configuration())
        #expect(try read("# nothing\n\n") == Configuration())
        #expect(try read("[host]\n") == Configuration())
    }

    @Test func `reads every key`() throws {
        let configuration = try read(
            """
            interaction = "never"
            min_ttl = 600
            login_timeout = 120

            [host."https://git.example.com:8443/team"]
            issuer = "https://login.example.com/t1"
            client_id = "keyfob"
            scopes = ["read", "write"]
            flow = "loopback"
            redirect_uri = "http://localhost:34106/back"
            resource = "https://git.example.com/"
            username = "oauth2"
            account = "alice"
            pkce = "assumed"
            ca_file = "/etc/ssl/corp.pem"
            reach = "private"
            """)
        #expect(configuration.interaction == .never)
        #expect(configuration.minTTL == 600)
        #expect(configuration.loginTimeout == 120)
        let host = try #require(configuration.hosts.first)
        #expect(configuration.hosts.count == 1)
        #expect(host.service == (try ServiceURL("https://git.example.com:8443/team")))
        #expect(host.server == .issuer("https://login.example.com/t1"))
        #expect(host.clientID == "keyfob")
        #expect(host.scopes == ["read", "write"])
        #expect(host.redirect == (try RedirectTemplate("http://localhost:34106/back")))
        #expect(host.resource == .uri("https://git.example.com/"))
        #expect(host.username == "oauth2")
        #expect(host.account == "alice")
        #expect(host.pkce == .assumed)
        #expect(host.certificateAuthorityFile == "/etc/ssl/corp.pem")
        #expect(host.reach == .privateNetworks)
        #expect(host.sources["issuer"]?.file == "config.toml")
    }

    @Test func `has no value for a key that the file does not have`() throws {
        let configuration = try read(
            "[host.\"https://h\"]\nissuer = \"https://l\"\nclient_id = \"c\"\nresource = false\n")
        let host = try #require(configuration.hosts.first)
        #expect(host.scopes == nil && host.redirect == nil && host.pkce == nil)
        #expect(host.resource == Configuration.Resource.none)
        #expect(host.username == nil && host.account == nil && host.certificateAuthorityFile == nil)
        #expect(configuration.interaction == nil && configuration.minTTL == nil && configuration.loginTimeout == nil)
    }

    @Test func `accepts endpoints, with or without an issuer`() throws {
        let endpoints = """
            client_id = "c"
            authorization_endpoint = "https://l/authorize"
            token_endpoint = "http://127.0.0.1:9/token"
            device_authorization_endpoint = "https://l/device"
            revocation_endpoint = "https://l/revoke"
            """
        for issuer in ["", "issuer = \"https://l\""] {
            let host = try #require(try read("[host.\"https://h\"]\n\(endpoints)\n\(issuer)\n").hosts.first)
            guard case .endpoints(let metadata) = host.server else {
                Issue.record("\(host.server)")
                return
            }
            #expect(metadata.issuer == (issuer.isEmpty ? nil : "https://l"))
            #expect(metadata.authorizationEndpoint.string == "https://l/authorize")
            #expect(metadata.tokenEndpoint.string == "http://127.0.0.1:9/token")
            #expect(metadata.deviceAuthorizationEndpoint?.string == "https://l/device")
            #expect(metadata.revocationEndpoint?.string == "https://l/revoke")
        }
    }

    @Test(arguments: [
        // Tables, dotted keys and inline tables mean the same in TOML
        "[host.\"https://h\"]\nissuer = \"https://l\"\nclient_id = \"c\"",
        "[host]\n\"https://h\".issuer = \"https://l\"\n\"https://h\".client_id = \"c\"",
        "host.\"https://h\".issuer = \"https://l\"\nhost.\"https://h\".client_id = \"c\"",
        "host = { \"https://h\" = { issuer = \"https://l\", client_id = \"c\" } }",
        "[host.'https://h']\r\nissuer = 'https://l'\r\nclient_id = 'c'\r\n",
    ])
    func `accepts every spelling of TOML`(_ text: String) throws {
        let host = try #require(try read(text).hosts.first)
        #expect(host.service.description == "https://h")
        #expect(host.server == .issuer("https://l"))
        #expect(host.clientID == "c")
    }

    /// Lines in another form than the documented one, whose meaning is certain.
    @Test(arguments: [
        ("scopes = \"read write\"", "scopes = [\"read\", \"write\"]"),
        ("scopes = \"read,write\"", "scopes = [\"read\", \"write\"]"),
        ("scopes = [\"read write\"]", "scopes = [\"read\", \"write\"]"), ("scopes = \"\"", "scopes = []"),
        ("scopes = [\"a,b\"]", "scopes = [\"a,b\"]"), ("mail = \"smtp.example.com\"", "mail = [\"smtp.example.com\"]"),
        ("provider = \"GitLab\"", "provider = \"gitlab\""),
        ("provider = \"Bitbucket Server\"", "provider = \"bitbucket-data-center\""),
        ("provider = \"bitbucket_data_center\"", "provider = \"bitbucket-data-center\""),
        ("client_authentication = \"Basic\"", "client_authentication = \"client_secret_basic\""),
        ("client_authentication = \"client-secret-basic\"", "client_authentication = \"client_secret_basic\""),
        ("client_authentication = \"POST\"", "client_authentication = \"client_secret_post\""),
        ("client_authentication = \"body\"", "client_authentication = \"client_secret_post\""),
        ("client_authentication = \"public\"", "client_authentication = \"none\""),
        ("pkce = \"S256\"", "pkce = \"required\""), ("pkce = true", "pkce = \"required\""),
        ("flow = \"Device Code\"", "flow = \"device\""),
        ("offline_access = \"true\"", "offline_access = true"), ("offline_access = \"No\"", "offline_access = false"),
        ("offline_access = 1", "offline_access = true"), ("resource = \"none\"", "resource = false"),
        ("resource_parameter = \"Audience\"", "resource_parameter = \"audience\""),
    ])
    func `reads a value of a host in another form`(_ line: String, _ right: String) throws {
        func host(_ line: String) throws -> Configuration.Host? {
            try read("[host.\"https://h\"]\nissuer = \"https://l\"\n" + line).hosts.first
        }
        #expect(try host(line) == host(right))
    }

    @Test(arguments: [
        ("min_ttl = \"60\"", "min_ttl = 60"), ("min_ttl = \" 60 \"", "min_ttl = 60"),
        ("login_timeout = 60.0", "login_timeout = 60"),
        ("interaction = false", "interaction = \"never\""), ("interaction = \"Never\"", "interaction = \"never\""),
        ("store = \"Memory\"", "store = \"memory\""),
    ])
    func `reads a value outside the hosts in another form`(_ line: String, _ right: String) throws {
        #expect(try read(line) == read(right))
    }

    // MARK: Files

    @Test func `The user's file counts more than the machine's, key by key and host by host`() async throws {
        try await withTemporaryDirectory { directory async throws in
            func entry(_ host: String, _ client: String) -> String {
                "[host.\"\(host)\"]\nissuer = \"https://l\"\nclient_id = \"\(client)\"\n"
            }
            let person = try write("min_ttl = 1\n" + entry("https://h", "person"), to: directory + "/person.toml")
            let machine = try write(
                "min_ttl = 2\ninteraction = \"never\"\nlogin_timeout = 3\n" + entry("https://h", "machine")
                    + entry("https://h/team", "team") + entry("https://m", "machine"),
                to: directory + "/machine.toml")
            let configuration = try Configuration(files: [person, directory + "/absent.toml", machine])
            #expect(configuration.minTTL == 1)
            #expect(configuration.interaction == .never)
            #expect(configuration.loginTimeout == 3)
            let clients = try ["https://h", "https://h/team/x", "https://m/y"].map {
                configuration.host(for: try ServiceURL($0))?.clientID
            }
            #expect(clients == ["person", "team", "machine"])
            #expect(configuration.host(for: try ServiceURL("https://m"))?.sources["issuer"]?.file == machine)
        }
    }

    @Test func `An absent file has no values, and an unreadable file is an error`() async throws {
        try await withTemporaryDirectory { directory async throws in
            #expect(try Configuration(files: [directory + "/absent", directory + "/absent/too"]) == Configuration())
            #expect(
                throws: ConfigurationError(file: directory, line: nil, key: nil, problem: .unreadable(errno: EISDIR))
            ) { try Configuration(files: [directory]) }
            let large = try write(String(repeating: "#", count: 1_048_577), to: directory + "/large")
            #expect(
                throws: ConfigurationError(file: large, line: nil, key: nil, problem: .unreadable(errno: EFBIG))
            ) { try Configuration(files: [large]) }
            let latin = directory + "/latin"
            unsafe withUnsafeBytes(of: UInt8(0xFC)) { byte in
                let file = unsafe open(latin, O_WRONLY | O_CREAT, 0o600)
                unsafe _ = Glibc.write(file, byte.baseAddress, 1)
                close(file)
            }
            #expect(
                throws: ConfigurationError(file: latin, line: nil, key: nil, problem: .syntax("not UTF-8"))
            ) { try Configuration(files: [latin]) }
        }
    }

    @Test(.counted(.hostileNeighbours), .enabled(if: geteuid() == 0, "only root can give a file to any group"))
    func `A file that another group may write is refused`() async throws {
        try await withTemporaryDirectory { directory async throws in
            let file = try write("min_ttl = 1\n", to: directory + "/config.toml")
            unsafe _ = chown(file, geteuid(), 65_534)
            unsafe _ = chmod(file, 0o660)
            let failure = ConfigurationError(file: file, line: nil, key: nil, problem: .writableByOthers)
            #expect(throws: failure) { try Configuration(files: [file]) }
        }
    }

    @Test(.counted(.hostileNeighbours), arguments: [0o602, 0o666])
    func `A file that others may write is refused`(_ mode: Int) async throws {
        try await withTemporaryDirectory { directory async throws in
            let file = try write("min_ttl = 1\n", to: directory + "/config.toml")
            unsafe _ = chmod(file, mode_t(mode))
            let failure = ConfigurationError(file: file, line: nil, key: nil, problem: .writableByOthers)
            #expect(throws: failure) { try Configuration(files: [file]) }
            unsafe _ = chmod(file, 0o644)
            #expect(try Configuration(files: [file]).minTTL == 1)
            unsafe _ = chmod(directory, mode_t(mode | 0o100))
            let other = ConfigurationError(file: directory, line: nil, key: nil, problem: .writableByOthers)
            #expect(throws: other) { try Configuration(files: [file]) }
        }
    }

    @Test(.counted(.hostileNeighbours), .enabled(if: geteuid() == 0, "only root can give a file away"))
    func `A file of another user is refused, also behind a link`() async throws {
        try await withTemporaryDirectory { directory async throws in
            let file = try write("min_ttl = 1\n", to: directory + "/theirs.toml")
            unsafe _ = chown(file, 65_534, 65_534)
            unsafe _ = symlink(file, directory + "/config.toml")
            for path in [file, directory + "/config.toml"] {
                let failure = ConfigurationError(file: path, line: nil, key: nil, problem: .ofAnotherUser(65_534))
                #expect(throws: failure) { try Configuration(files: [path]) }
            }
        }
    }

    @Test func `A named pipe is refused without waiting for a writer`() async throws {
        try await withTemporaryDirectory { directory async throws in
            let pipe = directory + "/config.toml"
            #expect(unsafe mkfifo(pipe, 0o600) == 0)
            let failure = ConfigurationError(file: pipe, line: nil, key: nil, problem: .notAFile)
            #expect(throws: failure) { try Configuration(files: [pipe]) }
        }
    }

    /// Unreadable lists, each with an entry for `approved.example`.
    static let brokenLists = [
        "[host.\"https://APPROVED.example\"]\nissuer = 3\n", "[host.\"https://approved.example\"\n",
        "[host.\"https://approved.example\"]\n" + String(repeating: "#", count: 1_048_577),
        String(repeating: "#", count: 1_100_000) + "approved.example",
    ]

    @Test(arguments: brokenLists)
    func `An unreadable list of approved services stops only the services that it may contain`(_ text: String)
        async throws
    {
        try await withTemporaryDirectory { directory async throws in
            let entry = "[host.\"https://h\"]\nissuer = \"https://l\"\n"
            let (file, list) = (
                try write(entry, to: directory + "/config.toml"), try write(text, to: directory + "/approved.toml")
            )
            #expect(throws: ConfigurationError.self) { try Configuration(files: [file, list]) }
            let configuration = try Configuration(files: [file], approvals: list)
            #expect(configuration.host(for: try ServiceURL("https://h/x"))?.server == .issuer("https://l"))
            #expect(configuration.unreadableApprovals?.file == list)
            try configuration.refuseUnknownApproval(of: try ServiceURL("https://other.example"))
            for url in ["https://approved.example", "https://approved.example/team"] {
                let error = try #require(throws: ConfigurationError.self) {
                    try configuration.refuseUnknownApproval(of: try ServiceURL(url))
                }
                #expect(error.file == list)
            }
            #expect(throws: ConfigurationError.self) { try configuration.refuseUnreadableApprovals() }
            unsafe _ = chmod(list, 0o666)
            let untrusted = try Configuration(files: [file], approvals: list)
            #expect(throws: ConfigurationError.self) {
                try untrusted.refuseUnknownApproval(of: try ServiceURL("https://other.example"))
            }
        }
    }

    /// A crash of the machine can leave NUL in the place of text.
    @Test(arguments: [
        String(repeating: "\0", count: 4096),
        "[host.\"https://approved.example\"]\n" + String(repeating: "\0", count: 9),
        "\0[host.\"https://approved.example\"]\n", String(repeating: "#", count: 1_048_577) + "\0",
    ])
    func `A list of approved services that has lost text stops each service that has no entry elsewhere`(_ text: String)
        async throws
    {
        try await withTemporaryDirectory { directory async throws in
            let list = try write(text, to: directory + "/approved.toml")
            let configuration = try Configuration(files: [], approvals: list)
            let error = try #require(throws: ConfigurationError.self) {
                try configuration.refuseUnknownApproval(of: try ServiceURL("https://other.example"))
            }
            #expect(error.file == list)
        }
    }

    @Test func `The list of approved services counts less than all configuration files`() async throws {
        try await withTemporaryDirectory { directory async throws in
            let file = try write("[host.\"https://h\"]\nissuer = \"https://l\"\n", to: directory + "/config.toml")
            let list = try write(
                "[host.\"https://h\"]\nissuer = \"https://x\"\nclient_id = \"c\"\n[host.\"https://a\"]\n",
                to: directory + "/approved.toml")
            let configuration = try Configuration(files: [file], approvals: list)
            #expect(configuration == (try Configuration(files: [file, list])))
            #expect(configuration.unreadableApprovals == nil)
            try configuration.refuseUnknownApproval(of: try ServiceURL("https://a"))
            try configuration.refuseUnreadableApprovals()
        }
    }

    // MARK: The entry for a URL

    private static let hosts = """
        "https://h" = 1
        "https://h/team" = 2
        "https://h/team/project" = 3
        "https://h:8443" = 4
        "http://localhost" = 5
        "https://[::1]/x" = 6
        """

    @Test(
        arguments: [
            ("https://h", "https://h"), ("https://h/", "https://h"), ("https://h/other", "https://h"),
            // The longest match counts, and it ends at the end of a path segment
            ("https://h/team", "https://h/team"), ("https://h/team/", "https://h/team"),
            ("https://h/team/x.git", "https://h/team"), ("https://h/teams", "https://h"),
            ("https://h/tea", "https://h"),
            ("https://h/team/project/x", "https://h/team/project"), ("https://h/team/projects", "https://h/team"),
            ("https://h/x/team", "https://h"), ("https://h/Team", "https://h"),
            // Another spelling of the same URL, and similar spellings of other URLs
            ("HTTPS://H/team", "https://h/team"), ("https://h/te%61m/x", "https://h/team"),
            ("https://h//team", "https://h"), ("https://h/team%CC%81", "https://h"),
            // The port counts; a URL without a port has the default port of its scheme
            ("https://h:443/team", "https://h/team"), ("https://h:8443/team", "https://h:8443"), ("https://h:444", nil),
            ("http://localhost:80/x", "http://localhost"), ("http://localhost:81", nil), ("https://localhost", nil),
            ("http://h", nil), ("https://x.h", nil), ("https://hh", nil),
            ("https://[::1]/x/y", "https://[::1]/x"), ("https://[::1]", nil),
        ] as [(String, String?)])
    func `The longest entry that contains a URL counts`(_ url: String, _ expected: String?) throws {
        let names = Self.hosts.split(separator: "\n").compactMap { $0.split(separator: "\"").first }
        let entry = "issuer = \"https://l\"\nclient_id = \"c\"\n"
        for order in [names, names.reversed()] {
            let configuration = try read(order.map { "[host.\"\($0)\"]\n\(entry)" }.joined())
            let found = configuration.host(for: try ServiceURL(url))
            #expect(found?.service == (try expected.map { try ServiceURL($0) }))
        }
    }

    @Test(arguments: [
        ("https://h", false), ("https://h/team", true), ("https://h/team/x", false), ("https://other", false),
        ("https://h:8443", true), ("http://localhost", true),
    ])
    func `A service is whole if one entry counts for all its URLs`(_ url: String, _ expected: Bool) throws {
        let entry = "issuer = \"https://l\"\nclient_id = \"c\"\n"
        let names = ["https://h", "https://h/team", "https://h:8443", "http://localhost"]
        let configuration = try read(names.map { "[host.\"\($0)\"]\n\(entry)" }.joined())
        #expect(configuration.isWhole(try ServiceURL(url)) == expected)
    }
}
