import Addresses

extension AuthorizationServerMetadata {
    /// Reads a metadata document that was fetched for `issuer` (RFC 8414 section 2). The result keeps the document's
    /// issuer, because `iss` is compared with it byte for byte.
    ///
    /// - Throws: `issuerMismatch` if the document is for another issuer; `missingEndpoint` or `invalidEndpoint` with
    ///   the member's name; `malformed` if the document cannot be read.
    package static func decode(
        _ json: [UInt8], issuer: String
    ) throws(OAuthError) -> AuthorizationServerMetadata {
        let expected = try Issuer(issuer)
        do {
            return try AuthorizationServerMetadata(try JSONObject(json), expected: expected)
        } catch let error as OAuthError {
            throw error
        } catch let error as JSONObject.ParsingError {
            throw OAuthError(error, host: expected.url.host)
        } catch {
            throw .malformed(host: expected.url.host, member: "JSON")
        }
    }

    /// Throws two kinds of errors, so the type is `any Error`; ``decode(_:issuer:)`` converts them to one.
    init(_ document: JSONObject, expected: Issuer) throws {
        guard let found = try document.string("issuer") else { throw OAuthError.missingEndpoint(member: "issuer") }
        guard expected.accepts(found)
        else { throw OAuthError.issuerMismatch(expected: expected.string, found: ServerText.printable(found)) }

        func endpoint(_ member: String) throws -> EndpointURL? {
            guard let text = try document.string(member) else { return nil }
            // A document from the network must not make keyfob connect to services on this machine.
            guard let url = try? EndpointURL(text), !url.isLoopback || expected.url.isLoopback
            else { throw OAuthError.invalidEndpoint(member: member) }
            return url
        }
        func required(_ member: String) throws -> EndpointURL {
            guard let url = try endpoint(member) else { throw OAuthError.missingEndpoint(member: member) }
            return url
        }

        self.init(
            issuer: found,
            authorizationEndpoint: try required("authorization_endpoint"),
            tokenEndpoint: try required("token_endpoint"),
            deviceAuthorizationEndpoint: try endpoint("device_authorization_endpoint"),
            revocationEndpoint: try endpoint("revocation_endpoint"),
            registrationEndpoint: try endpoint("registration_endpoint"),
            codeChallengeMethodsSupported: try document.strings("code_challenge_methods_supported"),
            authorizationResponseIssParameterSupported:
                try document.bool("authorization_response_iss_parameter_supported") ?? false,
            // Errors in these members are ignored, because they cannot mislead keyfob.
            scopesSupported: (try? document.strings("scopes_supported")) ?? nil,
            pushedAuthorizationRequestEndpoint: try endpoint("pushed_authorization_request_endpoint"),
            requiresPushedAuthorizationRequests:
                try document.bool("require_pushed_authorization_requests") ?? false,
            clientIDMetadataDocumentSupported: (try? document.bool("client_id_metadata_document_supported")) ?? false,
            tokenEndpointAuthMethodsSupported: (try? document.strings("token_endpoint_auth_methods_supported")) ?? nil)
    }
}
