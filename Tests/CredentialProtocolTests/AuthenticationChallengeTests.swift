import Testing

@testable import CredentialProtocol

private func challenge(_ scheme: String, _ parameters: [String: String] = [:]) -> AuthenticationChallenge {
    AuthenticationChallenge(scheme: scheme, parameters: parameters)
}

private func challenge(_ scheme: String, token68: String) -> AuthenticationChallenge {
    AuthenticationChallenge(scheme: scheme, token68: token68)
}

@Suite struct `WWW-Authenticate fields` {
    private typealias Row = (fields: [String], challenges: [AuthenticationChallenge])

    /// RFC 9110 section 11, and what servers send.
    private static let readable: [Row] = [
        // A scheme alone
        ([], []),
        (["Bearer"], [challenge("bearer")]),
        (["Negotiate"], [challenge("negotiate")]),
        (["  Bearer  "], [challenge("bearer")]),
        (["\tBearer\t"], [challenge("bearer")]),
        (["X-Custom!#$%&'*+-.^_`|~1"], [challenge("x-custom!#$%&'*+-.^_`|~1")]),

        // Names of schemes and parameters are compared without case, values with case
        (["BEARER REALM=\"A\""], [challenge("bearer", ["realm": "A"])]),
        (["bEaReR Resource_Metadata=\"https://X\""], [challenge("bearer", ["resource_metadata": "https://X"])]),

        // Parameters
        (["Basic realm=\"a\""], [challenge("basic", ["realm": "a"])]),
        (["Basic realm=a"], [challenge("basic", ["realm": "a"])]),
        (["Basic realm=\"\""], [challenge("basic", ["realm": ""])]),
        (["Basic realm=\"a\", charset=\"UTF-8\""], [challenge("basic", ["realm": "a", "charset": "UTF-8"])]),
        (["Basic   realm=\"a\""], [challenge("basic", ["realm": "a"])]),
        (
            ["Bearer realm=\"a\",error=\"invalid_token\""],
            [challenge("bearer", ["realm": "a", "error": "invalid_token"])]
        ),
        (
            ["Bearer realm=\"a\" ,\t error=invalid_token\t"],
            [challenge("bearer", ["realm": "a", "error": "invalid_token"])]
        ),
        (
            [
                "Digest realm=\"a@b\", qop=\"auth, auth-int\", algorithm=SHA-256, nonce=\"7ypf/xlj9XXwfDPE\", stale=FALSE"
            ],
            [
                challenge(
                    "digest",
                    [
                        "realm": "a@b", "qop": "auth, auth-int", "algorithm": "SHA-256", "nonce": "7ypf/xlj9XXwfDPE",
                        "stale": "FALSE",
                    ])
            ]
        ),

        // Spaces around the equals sign are wrong but must be accepted (RFC 9110 section 11.2)
        (["BEARER  scope = \"a b\""], [challenge("bearer", ["scope": "a b"])]),
        (["Bearer scope= \"a\",error\t=\tx"], [challenge("bearer", ["scope": "a", "error": "x"])]),
        (["Bearer a = b, c =d, e= f"], [challenge("bearer", ["a": "b", "c": "d", "e": "f"])]),
        // A tab from a server that folded its line
        (["Bearer\trealm=\"a\""], [challenge("bearer", ["realm": "a"])]),
        (["Bearer realm=\"a\",\t\terror=\"b\""], [challenge("bearer", ["realm": "a", "error": "b"])]),

        // Quoted strings (RFC 9110 section 5.6.4)
        (["Basic realm=\"a, b\""], [challenge("basic", ["realm": "a, b"])]),
        (["Basic realm=\"a \\\"b\\\" c\""], [challenge("basic", ["realm": "a \"b\" c"])]),
        (["Basic realm=\"\\\\\""], [challenge("basic", ["realm": "\\"])]),
        (["Basic realm=\"\\a\\b\""], [challenge("basic", ["realm": "ab"])]),
        (["Basic realm=\"a=b\""], [challenge("basic", ["realm": "a=b"])]),
        (["Basic realm=\"a\tb\""], [challenge("basic", ["realm": "a\tb"])]),
        (["Basic realm=\"caf\u{E9} \u{1F511}\""], [challenge("basic", ["realm": "caf\u{E9} \u{1F511}"])]),
        (["Basic realm=\"\\\u{E9}\""], [challenge("basic", ["realm": "\u{E9}"])]),
        (["Basic realm=\"\u{FFFD}\""], [challenge("basic", ["realm": "\u{FFFD}"])]),
        (
            ["Bearer realm=\"x, Basic realm=\\\"y\\\"\", error=\"z\""],
            [challenge("bearer", ["realm": "x, Basic realm=\"y\"", "error": "z"])]
        ),

        // token68
        (["Negotiate YII="], [challenge("negotiate", token68: "YII=")]),
        (["Negotiate YIIabc+/=="], [challenge("negotiate", token68: "YIIabc+/==")]),
        (["NTLM TlRMTVNTUAAC"], [challenge("ntlm", token68: "TlRMTVNTUAAC")]),
        (["Negotiate  a-b._~  "], [challenge("negotiate", token68: "a-b._~")]),
        (
            ["Negotiate YII= , Basic realm=\"a\""],
            [challenge("negotiate", token68: "YII="), challenge("basic", ["realm": "a"])]
        ),
        // By the grammar this is a token68, not a parameter without a value
        (["Bearer realm="], [challenge("bearer", token68: "realm=")]),
        (["Bearer realm"], [challenge("bearer", token68: "realm")]),

        // Several challenges, in one field and in several
        (["Negotiate, Basic realm=\"a\""], [challenge("negotiate"), challenge("basic", ["realm": "a"])]),
        (
            ["Negotiate,Basic realm=\"a\",Bearer"],
            [challenge("negotiate"), challenge("basic", ["realm": "a"]), challenge("bearer")]
        ),
        (
            ["Negotiate", "NTLM", "Basic realm=\"a\""],
            [challenge("negotiate"), challenge("ntlm"), challenge("basic", ["realm": "a"])]
        ),
        (
            ["Basic realm=\"a, Bearer resource_metadata=\\\"x\\\"\", BEARER  scope = \"a b\""],
            [challenge("basic", ["realm": "a, Bearer resource_metadata=\"x\""]), challenge("bearer", ["scope": "a b"])]
        ),
        (
            ["Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\", Basic realm=\"simple\""],
            [
                challenge("newauth", ["realm": "apps", "type": "1", "title": "Login to \"apps\""]),
                challenge("basic", ["realm": "simple"]),
            ]
        ),
        (
            ["Bearer realm=\"a\", Bearer realm=\"b\""],
            [challenge("bearer", ["realm": "a"]), challenge("bearer", ["realm": "b"])]
        ),
        (
            ["DPoP algs=\"ES256 PS256\", Bearer scope=\"a\""],
            [challenge("dpop", ["algs": "ES256 PS256"]), challenge("bearer", ["scope": "a"])]
        ),

        // Empty elements of a list (RFC 9110 section 5.6.1.2)
        ([""], []),
        ([" ,, , "], []),
        ([", Basic realm=\"a\",,"], [challenge("basic", ["realm": "a"])]),
        (["Basic realm=\"a\", , charset=x"], [challenge("basic", ["realm": "a", "charset": "x"])]),
        (["Newauth , realm=\"a\""], [challenge("newauth", ["realm": "a"])]),

        // Challenges of real servers
        (
            [
                "Bearer error=\"invalid_token\", error_description=\"No access token was provided in this request\", "
                    + "resource_metadata=\"https://mcp.example.com/.well-known/oauth-protected-resource/mcp\""
            ],
            [
                challenge(
                    "bearer",
                    [
                        "error": "invalid_token",
                        "error_description": "No access token was provided in this request",
                        "resource_metadata": "https://mcp.example.com/.well-known/oauth-protected-resource/mcp",
                    ])
            ]
        ),
        (
            [
                "Bearer authorization_uri=https", "Basic realm=\"https://dev.example.com/\"", "TFS-Federated",
            ],
            [
                challenge("bearer", ["authorization_uri": "https"]),
                challenge("basic", ["realm": "https://dev.example.com/"]), challenge("tfs-federated"),
            ]
        ),
    ]

    /// An invalid challenge is left out completely; the challenges beside it are not.
    private static let faulty: [Row] = [
        // A repeated parameter, with any case and value
        (["Bearer scope=a, scope=b"], []),
        (["Bearer scope=a, SCOPE=a"], []),
        (
            ["Bearer resource_metadata=\"x\", realm=a, resource_metadata=\"y\", Basic realm=b"],
            [challenge("basic", ["realm": "b"])]
        ),
        // The same name in another challenge is another parameter
        (["Bearer realm=a, Basic realm=b"], [challenge("bearer", ["realm": "a"]), challenge("basic", ["realm": "b"])]),

        // Invalid parameters and values
        (["Bearer realm=a b, Basic realm=c"], [challenge("basic", ["realm": "c"])]),
        (["Bearer realm=\"a\" error=\"b, c\", Basic realm=d"], [challenge("basic", ["realm": "d"])]),
        (["Bearer realm=\"a\"x, Basic"], [challenge("basic")]),
        (["Bearer realm=, error=x"], []),
        (["Bearer error=x, realm=, Basic"], [challenge("basic")]),
        (["Bearer resource_metadata=https://h/x, Basic"], [challenge("basic")]),
        (["Bearer scope=a b"], []),
        (["Bearer realm=='a'"], []),
        (["Bearer a=b=c"], []),
        (["Bearer =a"], []),
        (["Bearer \"a\""], []),
        (["Bearer (comment) realm=a"], []),
        (["Bearer a=b, \"c\", d=e, Basic"], [challenge("basic")]),
        (["Bearer: realm=a"], []),
        (["Be@rer realm=a, Basic"], [challenge("basic")]),
        (["B\u{E9}arer realm=a, Basic"], [challenge("basic")]),
        (["Bearer realm=caf\u{E9}"], []),
        (["Negotiate YII=, realm=a"], []),
        (["Negotiate YII= realm=a"], []),

        // An unterminated quoted string invalidates the rest of its field, and no other field
        (["Bearer realm=\"a"], []),
        (["Bearer realm=\"a\\"], []),
        (["Bearer realm=\"a\\\", Basic realm=b"], []),
        (["Bearer realm=\"a, Basic realm=b", "Digest realm=c"], [challenge("digest", ["realm": "c"])]),

        // Control characters
        (["Bearer realm=\"a\u{0}b\", Basic"], [challenge("basic")]),
        (["Bearer realm=\"a\u{1B}]52;c\u{7}\", Basic"], [challenge("basic")]),
        (["Bearer realm=\"a\r\n b\", Basic"], [challenge("basic")]),
        (["Bearer realm=\"\\\u{7F}\", Basic"], [challenge("basic")]),
        (["Bearer\u{B}realm=a"], []),

        // No scheme
        (["realm=\"a\""], []),
        (["realm=\"a\", Basic realm=b"], [challenge("basic", ["realm": "b"])]),
        (["\"Bearer\", Basic"], [challenge("basic")]),
        (["="], []),
        (["\""], []),
        (["\\"], []),
    ]

    @Test(arguments: readable)
    func `are parsed by the grammar`(fields: [String], challenges: [AuthenticationChallenge]) {
        #expect(AuthenticationChallenge.parse(fields) == challenges)
    }

    @Test(arguments: faulty)
    func `are parsed without the challenges that break the grammar`(
        fields: [String], challenges: [AuthenticationChallenge]
    ) {
        #expect(AuthenticationChallenge.parse(fields) == challenges)
    }

    @Test func `may be as long as a line of the protocol`() {
        let realm = String(repeating: "a\\\"", count: 21_845)
        #expect(
            AuthenticationChallenge.parse(["Bearer realm=\"\(realm)\""])
                == [challenge("bearer", ["realm": realm.replacing("\\\"", with: "\"")])])
        let many = Array(repeating: "Bearer a=b", count: 6_000)
        #expect(AuthenticationChallenge.parse([many.joined(separator: ",")]).count == 6_000)
    }

    @Test func `may have many parameters, up to a limit`() {
        let parameters = (1...ChallengeParser.maximumParameters).map { "p\($0)=\"\($0)\"" }.joined(separator: ", ")
        #expect(AuthenticationChallenge.parse(["Bearer " + parameters]).first?.parameters.count == 32)
        #expect(AuthenticationChallenge.parse(["Bearer \(parameters), one=more, Basic"]) == [challenge("basic")])
        // Parsing is linear for any input: otherwise this would need two hundred million comparisons of names.
        let endless = (1...20_000).map { "p\($0)=1" }.joined(separator: ",")
        #expect(AuthenticationChallenge.parse(["Bearer " + endless]) == [])
    }
}

@Suite struct `A challenge of a protected resource` {
    private static func bearer(_ parameters: [String: String]) -> AuthenticationChallenge {
        challenge("bearer", parameters)
    }

    @Test func `has its metadata, its scopes and its error`() {
        let challenge = Self.bearer([
            "resource_metadata": "https://h/.well-known/oauth-protected-resource", "scope": "files:read files:write",
            "error": "insufficient_scope", "acr_values": "phr phrh", "max_age": "300",
        ])
        #expect(challenge.resourceMetadata == "https://h/.well-known/oauth-protected-resource")
        #expect(challenge.scope == ["files:read", "files:write"])
        #expect(challenge.error == "insufficient_scope")
        #expect(challenge.acrValues == ["phr", "phrh"])
        #expect(challenge.maxAge == 300)
    }

    @Test func `has none of them if they are absent`() {
        for parameters in [[:], ["resource_metadata": "", "scope": "", "error": "", "acr_values": "", "max_age": ""]] {
            let challenge = Self.bearer(parameters)
            #expect(challenge.resourceMetadata == nil && challenge.scope == nil && challenge.error == nil)
            #expect(challenge.acrValues == nil && challenge.maxAge == nil)
        }
    }

    @Test(
        arguments: [
            ("a", ["a"]), ("a b", ["a", "b"]), (" a  b ", ["a", "b"]), ("https://h/x", ["https://h/x"]), (" ", nil),
            ("a \"b\"", nil), ("a\\b", nil), ("a\tb", nil), ("caf\u{E9}", nil),
        ] as [(String, [String]?)])
    func `needs valid scopes`(value: String, scope: [String]?) {
        #expect(Self.bearer(["scope": value]).scope == scope)
    }

    @Test(
        arguments: [
            ("0", 0), ("86400", 86_400), ("-1", nil), ("1.5", nil), ("9e9", nil), ("99999999999999999999", nil),
        ] as [(String, Int?)])
    func `has an age in seconds`(value: String, seconds: Int?) {
        #expect(Self.bearer(["max_age": value]).maxAge == seconds)
    }

    @Test(
        arguments: [
            ([], nil),
            (["Basic realm=a"], nil),
            (["Basic realm=a", "Bearer realm=b"], ["realm": "b"]),
            (["Bearer realm=a, Bearer realm=b"], ["realm": "a"]),
            (["Bearer realm=a, Bearer resource_metadata=\"u\""], ["resource_metadata": "u"]),
            (["Bearer resource_metadata=\"u\"", "Bearer resource_metadata=\"v\""], ["resource_metadata": "u"]),
            (["DPoP resource_metadata=\"u\""], nil),
        ] as [([String], [String: String]?)])
    func `is the first one for Bearer with a location of metadata`(fields: [String], parameters: [String: String]?) {
        #expect(AuthenticationChallenge.bearer(in: fields) == parameters.map(Self.bearer))
    }
}

@Suite struct `Schemes of a server` {
    @Test(arguments: [
        (["Basic realm=\"a, Bearer"], ["basic"]),
        (["Bearer realm=a b, Basic realm=\"c"], ["bearer", "basic"]),
        (["Bearer scope=a, scope=b", "NEGOTIATE"], ["bearer", "negotiate"]),
        (["realm=a"], []),
    ])
    func `are known even if the rest of the challenge is invalid`(fields: [String], schemes: [String]) {
        #expect(AuthenticationChallenge.schemes(in: fields) == schemes)
    }
}
