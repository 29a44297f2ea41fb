import CredentialProtocol
import Dialects
import JSON
import Secrets
import Testing

/// Credentials that callers store or erase.
@Suite struct `Storing and erasing` {
    @Test(arguments: [
        ("registry.example", "https", "registry.example", String?.none),
        ("registry.example:5000", "https", "registry.example:5000", nil),
        ("https://index.docker.example/v1/", "https", "index.docker.example", "v1"),
        // Docker itself uses no TLS for registries on this machine.
        ("localhost:5000", "http", "localhost:5000", nil), ("127.0.0.1:5000", "http", "127.0.0.1:5000", nil),
        ("https://127.0.0.1:5000", "https", "127.0.0.1:5000", nil),
        ("127.0.0.1.example", "https", "127.0.0.1.example", nil),
    ])
    func `Docker's server URL may lack its scheme`(
        _ url: String, _ scheme: String, _ host: String, _ path: String?
    ) throws {
        var docker = Asking(DockerDialect.self)
        let expected = CredentialRequest.at(host, path: path, scheme: scheme)
        #expect(try docker.question(["get"], input: " \(url)\r\n") == .get(expected))
        #expect(try docker.question(["erase"], input: url) == .erase(expected))
        let credential = #"{"ServerURL":"\#(url)","Username":"<token>","Secret":"s3cret"}"#
        var kept = expected
        (kept.username, kept.password) = ("<token>", Secret("s3cret"))
        #expect(try docker.question(["store"], input: credential) == .store(kept))
    }

    @Test(arguments: [
        ("get", "", "no credentials server URL\n"), ("erase", " \n", "no credentials server URL\n"),
        ("store", #"{"Username":"u","Secret":"s"}"#, "no credentials server URL\n"),
        ("store", #"{"ServerURL":"","Username":"u","Secret":"s"}"#, "no credentials server URL\n"),
        ("store", #"{"ServerURL":"h","Username":"","Secret":"s"}"#, "no credentials username\n"),
        ("store", #"{"ServerURL":"h","Username":"u"}"#, "the request names no secret\n"),
        ("store", #"{"ServerURL":"h","Username":"u\u0000","Secret":"s"}"#, "the user name is malformed\n"),
        ("store", "nonsense", "the credential is malformed\n"),
        (
            "store", #"{"ServerURL":"ftp://registry.example","Username":"u","Secret":"s"}"#,
            "\"ftp://registry.example\" is neither an https URL nor an http URL of a loopback host\n"
        ),
        ("erase", "http://registry.example", "credentials not found in native keychain\n"),
        ("get", "http://registry.example", "credentials not found in native keychain\n"),
        ("get", "ftp://registry.example", "credentials not found in native keychain\n"),
        ("get", "https://registry.example\u{0}", "credentials not found in native keychain\n"),
        ("dance", "", "no such operation: dance\n"),
    ])
    func `Docker gets the error messages that it recognises`(_ verb: String, _ input: String, _ words: String) throws {
        var docker = Asking(DockerDialect.self)
        let error = try #require(throws: InvocationError.self) { try docker.question([verb], input: input) }
        #expect(docker.dialect.failed(Report(error)) == Reply(words, status: 1))
    }

    /// Keys of services, certificates and other texts of several lines.
    @Test(arguments: [
        "a\nb", "{\n  \"type\": \"service_account\",\n  \"private_key\": \"-----BEGIN\\n\"\n}\n", "\n", "a\r\nb\r\n",
        "", "a\tb", "a\nb=c\npassword_expiry_utc=5", "a\u{0}b", "\u{1B}[2J",
    ])
    func `Docker's secret may be any text, and comes back unchanged`(_ secret: String) throws {
        var docker = Asking(DockerDialect.self)
        let json = try #require(String(validating: JSON.string(secret).line, as: UTF8.self))
        let credential = #"{"ServerURL":"gcr.example","Username":"_json_key","Secret":\#(json)}"#
        let request = CredentialRequest.at("gcr.example", username: "_json_key", password: secret)
        #expect(try docker.question(["store"], input: credential) == .store(request))
        _ = try docker.question(["get"], input: "gcr.example")
        let response = CredentialResponse(username: "_json_key", password: Secret(secret))
        let printed = try #require(JSON.parse(Array(try docker.printed(response, for: request).utf8)))
        #expect(printed["Secret"] == .string(secret))
    }

    @Test(arguments: [Report.Code.loginRequired, .denied, .offline, .temporary])
    func `Docker goes on without the credential of one registry, and shows the reason`(_ code: Report.Code) throws {
        var docker = Asking(DockerDialect.self)
        let report = Report(code, "it is wrong", hints: ["mend it"])
        #expect(docker.dialect.failed(report) == Reply("it is wrong; mend it\n", status: 1), "no get")
        _ = try docker.question(["get"], input: "registry.example")
        let miss = Reply(
            "credentials not found in native keychain\n", complaint: ["keyfob: it is wrong", "hint: mend it"], status: 1
        )
        #expect(docker.dialect.failed(report) == miss)
    }

    @Test func `Docker lists accounts`() throws {
        var docker = Asking(DockerDialect.self)
        #expect(try docker.question(["list"]) == .list)
        let two = [
            ListedAccount(url: "https://a.example", username: "oauth2"),
            ListedAccount(url: "https://b.example", username: "bob"),
            ListedAccount(url: "https://a.example", username: "second"),
        ]
        let listed = #"{"https://a.example":"oauth2","https://b.example":"bob"}"# + "\n"
        #expect(docker.dialect.listed(two) == Reply(listed))
        #expect(docker.dialect.listed([]) == Reply("{}\n"))
        guard case .reply(let version) = try docker.question(["version"]) else {
            Issue.record("no version")
            return
        }
        #expect(version.output.last == UInt8(ascii: "\n"))
    }

    @Test func `Terraform's operation comes after its other arguments`() throws {
        var terraform = Asking(TerraformDialect.self)
        let kept = CredentialRequest.at("app.example:8443", username: "terraform", password: "t")
        let stored = try terraform.question(["--any", "store", "app.example:8443"], input: #" {"token" : "t"}"# + "\n")
        #expect(stored == .store(kept))
        let forgotten = CredentialRequest.at("app.example", username: "terraform")
        #expect(try terraform.question(["forget", "app.example"]) == .erase(forgotten))
        #expect(throws: InvocationError.unknownOperation("list")) { try terraform.question(["list", "app.example"]) }
        #expect(throws: InvocationError.missing("token")) {
            try terraform.question(["store", "app.example"], input: #"{"token":1}"#)
        }
        #expect(throws: InvocationError.notAService("https://a b")) { try terraform.question(["get", "a b"]) }
    }

    @Test func `Vault's token is stored for the address of its server`() throws {
        var vault = Asking(VaultDialect.self)
        let variables = ["VAULT_ADDR": "", "BAO_ADDR": "https://bao.example:8200"]
        let stored = try vault.question(["store"], input: "hvs.t\n", variables: variables)
        #expect(stored == .store(.at("bao.example:8200", username: "vault", password: "hvs.t")))
        let erased = try vault.question(["erase"])
        #expect(erased == .erase(.at("127.0.0.1:8200", username: "vault")))
        #expect(throws: InvocationError.malformed("the secret")) { try vault.question(["store"], input: "a\nb") }
        #expect(throws: InvocationError.missing("secret")) { try vault.question(["store"], input: "\n") }
    }

    @Test(
        arguments: [
            (TerraformDialect.self, "terraform", #"{"token":"kept"}"# + "\n"), (VaultDialect.self, "vault", "kept"),
        ] as [(any Dialect.Type, String, String)])
    func `A token that the caller stored is returned, and no other password`(
        _ type: any Dialect.Type, _ name: String, _ printed: String
    ) throws {
        let asking = Asking(type)
        let kept = CredentialResponse(username: name, password: Secret("kept"))
        #expect(try asking.printed(kept, for: .at("h.example")) == printed)
        let password = try asking.dialect.found(
            Answer(Examples.password, now: Examples.now), for: .at("h.example"))
        #expect(password == asking.dialect.notFound(.at("h.example")))
    }

    @Test func `keyring gets an answer in each of its modes`() throws {
        for (options, printed) in [
            ([], "to.ke.n\n"), (["--mode=creds"], "bob\nto.ke.n\n"), (["--mode", "password"], "to.ke.n\n"),
            (["--output=json", "--mode", "creds"], #"{"password":"to.ke.n","username":"bob"}"# + "\n"),
            (["--output", "json"], #"{"password":"to.ke.n"}"# + "\n"),
        ] {
            var keyring = Asking(KeyringDialect.self)
            let request = try keyring.request(options + ["get", "index.example", "bob"])
            #expect(request == .at("index.example", username: "bob"))
            #expect(try keyring.printed(Examples.token, for: request) == printed)
        }
    }

    @Test func `keyring's password may have line breaks, but not on the line after the user name`() throws {
        var keyring = Asking(KeyringDialect.self)
        let set = try keyring.question(["set", "https://index.example", "bob"], input: "a\nb\n")
        #expect(set == .store(.at("index.example", username: "bob", password: "a\nb")))
        let response = CredentialResponse(username: "bob", password: Secret("a\nb"))
        let request = try keyring.request(["get", "index.example", "bob"])
        #expect(try keyring.printed(response, for: request) == "a\nb\n")
        _ = try keyring.request(["--mode=creds", "get", "index.example", "bob"])
        #expect(throws: ResponseError.forbiddenByte(.password)) { try keyring.printed(response, for: request) }
    }

    @Test func `keyring's name __token__ matches any user name`() throws {
        var keyring = Asking(KeyringDialect.self)
        let request = try keyring.request(["--mode=creds", "get", "https://index.example/simple/", "__token__"])
        #expect(request == .at("index.example", path: "simple"))
        #expect(try keyring.printed(Examples.token, for: request) == "__token__\nto.ke.n\n")
    }

    @Test func `keyring sets and deletes`() throws {
        var keyring = Asking(KeyringDialect.self)
        let set = try keyring.question(["set", "https://index.example", "bob"], input: "pass word\n")
        #expect(set == .store(.at("index.example", username: "bob", password: "pass word")))
        let deleted = try keyring.question(["del", "https://index.example", "bob"])
        #expect(deleted == .erase(.at("index.example", username: "bob")))
        for arguments in [["get"], ["set", "h"], ["get", "h", "u", "x"], ["--mode", "all", "get", "h"], ["--mode"]] {
            #expect(throws: InvocationError.self) { try keyring.question(arguments) }
        }
    }
}
