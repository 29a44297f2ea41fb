import AuthorizationServer
import TestSupport
import Testing

/// Every text that a server chooses and the user sees. None may move the cursor, set the clipboard, change the writing
/// direction, or look like a line of keyfob (CVE-2024-50349 and others).
@Suite(.timeLimit(.withTurns)) struct `A hostile server's text` {
    /// OSC 52, CSI in seven and eight bits, CR, backspace, characters that reverse or hide text; then a forged line of
    /// keyfob.
    private static let text =
        "\u{1B}]52;c;eA==\u{7}\u{1B}[2J\u{9B}1A\r\u{8}\u{202E}\u{2066}\u{200B}\u{E000}\nkeyfob: \(mark)"
    /// A part by which the text can be recognized.
    private static let mark = "not ours"

    struct Place: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var identity = FailureBench.Identity.configured
        var more = ""
        /// The path at which the server answers with the text.
        var path: String?
        var members: [String: JSONValue] = [:]
        var status = 400
        /// Or another change of its behaviour.
        var change: @Sendable (inout AuthorizationServerConfiguration) -> Void = { _ in }
        /// Whether keyfob shows the text; otherwise it must not appear at all.
        var isShown = true
    }

    private static let error: [String: JSONValue] = [
        "error": .string(text), "error_description": .string(text), "error_uri": .string(text),
    ]

    private static let device: [String: JSONValue] = [
        "device_code": "d", "user_code": .string(text), "verification_uri": "https://login.example/", "expires_in": 1,
        "interval": 1,
    ]

    static let places: [Place] = [
        Place(testDescription: "error and description of the token endpoint", path: "/token", members: error),
        Place(
            testDescription: "description of a known error", path: "/token",
            members: ["error": "invalid_grant", "error_description": .string(text)]),
        Place(
            testDescription: "error and description of the authorization endpoint",
            change: {
                $0.authorizationError = text
                $0.authorizationErrorDescription = text
            }),
        Place(testDescription: "error of the registration", identity: .registered, path: "/register", members: error),
        Place(
            testDescription: "error of the pushed request", path: "/par", members: error,
            change: { $0.pushedRequests = .required }),
        Place(
            testDescription: "error of the device authorization", more: "flow = \"device\"",
            path: "/device_authorization", members: error, change: { $0.device.isOffered = true }),
        Place(
            testDescription: "code for the other device", more: "flow = \"device\"", path: "/device_authorization",
            members: device, status: 200, change: { $0.device.isOffered = true }, isShown: false),
        Place(
            testDescription: "address for the other device", more: "flow = \"device\"", path: "/device_authorization",
            members: device.merging(["user_code": "A", "verification_uri": .string("https://a/" + text)]) { $1 },
            status: 200, change: { $0.device.isOffered = true }, isShown: false),
        Place(testDescription: "issuer of the metadata", change: { $0.announcedIssuer = "https://a/" + text }),
        Place(
            testDescription: "endpoint of the metadata",
            change: { $0.extraMetadata["token_endpoint"] = .string("https://a/" + text) }, isShown: false),
        Place(testDescription: "iss", change: { $0.issuerParameter = .other(text) }),
        Place(testDescription: "token_type", change: { $0.tokenType = text }),
        Place(
            testDescription: "scopes that were granted", change: { $0.extraTokenMembers["scope"] = .string(text) },
            isShown: false),
        Place(
            testDescription: "a member twice", path: "/token",
            members: ["access_token": .object([text: .string(text)])], status: 200, isShown: false),
        Place(
            testDescription: "client id of a registration", identity: .registered,
            change: { $0.registration.extraMembers["client_id"] = .string(text) }, isShown: false),
        Place(
            testDescription: "redirect URI of a registration", identity: .registered,
            change: { $0.registration.extraMembers["redirect_uris"] = .strings([text]) }),
    ]

    @Test(.counted(.hostileServers), arguments: places)
    func `does not harm the terminal`(_ place: Place) async throws {
        try await FailureBench.run(place.identity, more: place.more, place.change) { bench in
            if let path = place.path {
                let body = String(decoding: JSONValue.encode(place.members), as: UTF8.self)
                bench.fail(path, with: .json(body, status: place.status))
            }
            // With a changed client id or URL, keyfob waits for a browser that does not return.
            let results = [
                try await bench.login(), try await bench.get(), try await bench.session.run(["keyfob", "status"]),
                try await bench.session.run(["keyfob", "status", "--json"]),
                try await bench.session.run(["keyfob", "config", bench.service]),
            ]
            for result in results {
                let said = result.complaint.split(separator: "\n")
                #expect(said.allSatisfy { !$0.hasPrefix("keyfob: " + Self.mark) }, "\(result.complaint)")
                expectHarmless(result)
            }
            #expect(results[0].complaint.contains(Self.mark) == place.isShown, "\(results[0].complaint)")
        }
    }

    @Test(.counted(.hostileServers), arguments: ["resource", "authorization_servers", "scopes_supported"])
    func `in the metadata of a resource does not harm the terminal`(member: String) async throws {
        try await FailureBench.run(.registered) { bench in
            try bench.session.configure("")
            bench.server.reconfigure {
                var resource = ProtectedResource()
                let isList = member != "resource"
                resource.extraMetadata[member] = isList ? .strings([Self.text]) : .string("https://a/" + Self.text)
                $0.resources = [resource]
            }
            for command in ["login", "config"] {
                expectHarmless(try await bench.session.run(["keyfob", command, bench.server.origin + "/mcp"]))
            }
            expectHarmless(try await bench.session.run(["keyfob", "status"]))
        }
    }

    @Test(.counted(.hostileServers))
    func `at a refresh and at a logout does not harm the terminal`() async throws {
        try await FailureBench.run { bench in
            try await bench.erase(try await bench.signIn())
            let answer = ScriptedResponse.json(
                String(decoding: JSONValue.encode(Self.error), as: UTF8.self), status: 400)
            bench.server.intercept { _, _ in answer }
            for result in [try await bench.get(), try await bench.session.run(["keyfob", "logout", bench.service])] {
                expectHarmless(result)
            }
        }
    }
}
