import Addresses
import Testing

@testable import OAuth

@Suite struct `A metadata document` {
    private func decode(
        issuer: String = Examples.issuer, _ document: String
    ) throws(OAuthError) -> AuthorizationServerMetadata {
        try AuthorizationServerMetadata.decode(Array(document.utf8), issuer: issuer)
    }

    @Test func `is parsed completely`() throws {
        let metadata = try decode(
            Examples.document([
                "device_authorization_endpoint": "\"https://login.example.com/device\"",
                "revocation_endpoint": "\"https://other.example.com/revoke\"",
                "registration_endpoint": "null",
                "authorization_response_iss_parameter_supported": "true",
                "scopes_supported": "[\"a\",\"b\"]", "unknown": "{\"x\":[1,2.5]}",
                "pushed_authorization_request_endpoint": "\"https://login.example.com/par\"",
                "require_pushed_authorization_requests": "true", "client_id_metadata_document_supported": "true",
                "token_endpoint_auth_methods_supported": "[\"none\"]",
            ]))
        #expect(metadata.issuer == Examples.issuer)
        #expect(metadata.authorizationEndpoint.string == "https://login.example.com/authorize")
        #expect(metadata.tokenEndpoint.string == "https://login.example.com/token")
        #expect(metadata.deviceAuthorizationEndpoint?.path == "/device")
        #expect(metadata.revocationEndpoint?.host == "other.example.com")
        #expect(metadata.registrationEndpoint == nil)
        #expect(metadata.codeChallengeMethodsSupported == ["S256"])
        #expect(metadata.authorizationResponseIssParameterSupported)
        #expect(metadata.scopesSupported == ["a", "b"])
        #expect(metadata.pushedAuthorizationRequestEndpoint?.path == "/par")
        #expect(metadata.requiresPushedAuthorizationRequests)
        #expect(metadata.clientIDMetadataDocumentSupported)
        #expect(metadata.tokenEndpointAuthMethodsSupported == ["none"])
    }

    @Test func `leaves absent members nil`() throws {
        let metadata = try decode(
            Examples.document(["scopes_supported": "7"], without: "code_challenge_methods_supported"))
        #expect(metadata.codeChallengeMethodsSupported == nil)
        #expect(metadata.scopesSupported == nil)
        #expect(!metadata.authorizationResponseIssParameterSupported)
        #expect(metadata.pushedAuthorizationRequestEndpoint == nil)
        #expect(!metadata.requiresPushedAuthorizationRequests)
        #expect(!metadata.clientIDMetadataDocumentSupported)
        #expect(metadata.tokenEndpointAuthMethodsSupported == nil)
    }

    // RFC 8414 section 3.3: the issuer is compared as text. Only one slash after the authority may differ.
    @Test(arguments: [
        ("https://login.example.com", "https://login.example.com/"),
        ("https://login.example.com/", "https://login.example.com"),
        ("https://login.example.com/t1", "https://login.example.com/t1"),
    ])
    func `may write its issuer with or without the root's slash`(asked: String, written: String) throws {
        let metadata = try decode(issuer: asked, Examples.document(issuer: written))
        #expect(metadata.issuer == written && metadata.otherSpelling == (asked == written ? nil : asked))
    }

    @Test(arguments: [
        ("https://login.example.com", "https://honest.example.com"),
        ("https://login.example.com", "https://LOGIN.example.com"),
        ("https://login.example.com", "https://login.example.com:443"),
        ("https://login.example.com", "https://login.example.com//"),
        ("https://login.example.com", "https://login.example.com/t1"),
        ("https://login.example.com/t1", "https://login.example.com/t1/"),
        ("https://login.example.com/t1/", "https://login.example.com/t1"),
        ("https://login.example.com/t1", "https://login.example.com/t%31"),
        ("https://login.example.com/t1", "https://login.example.com"),
        // Equal to Swift
        ("https://login.example.com/K", "https://login.example.com/\u{212A}"),
        ("https://login.example.com", "\u{1B}[2J"),
    ])
    func `of another issuer is refused (metadata-issuer-mismatch)`(asked: String, written: String) {
        let document = Examples.document(issuer: written == "\u{1B}[2J" ? #"\u001b[2J"# : written)
        #expect(throws: OAuthError.issuerMismatch(expected: asked, found: ServerText.printable(written))) {
            try decode(issuer: asked, document)
        }
    }

    @Test(arguments: ["issuer", "authorization_endpoint", "token_endpoint"])
    func `without a required member is refused with the member's name`(member: String) {
        #expect(throws: OAuthError.missingEndpoint(member: member)) {
            try decode(Examples.document(without: member))
        }
        #expect(throws: OAuthError.missingEndpoint(member: member)) { try decode(Examples.document([member: "null"])) }
        let error = #expect(throws: OAuthError.self) { try decode(Examples.document([member: "1"])) }
        let isIssuer = member == "issuer"
        #expect(
            error
                == (isIssuer ? .malformed(host: "login.example.com", member: member) : .invalidEndpoint(member: member))
        )
    }

    @Test(arguments: [
        ("code_challenge_methods_supported", "\"plain S256\""), ("scopes_supported", "7"),
        ("authorization_response_iss_parameter_supported", "\"true\""),
        ("require_pushed_authorization_requests", "[]"), ("token_endpoint_auth_methods_supported", "{}"),
        ("userinfo_endpoint", "\"not a URL\""), ("client_id_metadata_document_supported", "\"yes\""),
    ])
    func `is read if an optional member has another type`(member: String, json: String) throws {
        let metadata = try decode(Examples.document([member: json]))
        #expect(metadata.codeChallengeMethodsSupported?.contains("S256") == true)
        #expect(
            metadata.authorizationResponseIssParameterSupported
                == (member == "authorization_response_iss_parameter_supported"))
    }

    @Test(
        arguments: [
            "authorization_endpoint", "token_endpoint", "device_authorization_endpoint", "revocation_endpoint",
            "registration_endpoint", "pushed_authorization_request_endpoint",
        ],
        [
            "http://login.example.com/x", "javascript:alert(1)", "file:///etc/passwd", "//login.example.com/x", "/x",
            "",
            "https://a@login.example.com/x", "https://login.example.com/#/x", "https://login.example.com/#!x",
            // A document from the network must not name this machine.
            "http://127.0.0.1:9200/x", "https://localhost/x",
        ])
    func `with an invalid endpoint is refused if the endpoint is needed, and read without it otherwise`(
        member: String, address: String
    ) throws {
        let document = Examples.document([member: "\"\(address)\""])
        if ["authorization_endpoint", "token_endpoint"].contains(member) {
            #expect(throws: OAuthError.invalidEndpoint(member: member)) { try decode(document) }
        } else {
            #expect(try decode(document).endpoints.map(\.path) == ["/authorize", "/token"])
        }
    }

    // RFC 6749 section 3.1 forbids it.
    @Test(arguments: ["#", "#f", "?a=b#f", "#f/#x"])
    func `may have an endpoint with a fragment, which is left out`(end: String) throws {
        let query = end.hasPrefix("?") ? "?a=b" : ""
        for member in ["authorization_endpoint", "token_endpoint", "revocation_endpoint"] {
            let metadata = try decode(Examples.document([member: "\"https://login.example.com/x\(end)\""]))
            #expect(metadata.endpoints.map(\.string).contains("https://login.example.com/x" + query))
        }
    }

    @Test func `of a server on this machine may name this machine`() throws {
        let document = Examples.document(
            issuer: "http://127.0.0.1:8080",
            [
                "authorization_endpoint": "\"http://127.0.0.1:8080/a\"",
                "token_endpoint": "\"http://127.0.0.1:8080/t\"",
            ])
        #expect(try decode(issuer: "http://127.0.0.1:8080", document).tokenEndpoint.port == 8080)
    }

    @Test func `with a repeated member is refused`() {
        let document = Examples.document().dropLast() + #","issuer":"https://login.example.com"}"#
        #expect(throws: OAuthError.malformed(host: "login.example.com", member: "issuer")) {
            try decode(String(document))
        }
    }
}
