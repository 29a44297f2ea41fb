import Addresses
import Secrets

/// One metadata document of an issuer (RFC 8414 section 2), which may be incomplete. Another document of the same issuer
/// completes it.
struct MetadataDocument {
    /// As the document writes it.
    let issuer: String
    private let asked: String
    /// The endpoints that keyfob may use, by the member's name.
    private var endpoints: [String: EndpointURL]
    /// The members that keyfob ignores: endpoints that it must not contact, and members of another type.
    private(set) var unusable: [String]
    /// The endpoints that are written with a fragment, which RFC 6749 section 3.1 forbids. keyfob leaves it out.
    private(set) var fragments: [String] = []
    private var methods: [String]?
    private(set) var scopes: [String]?
    private var authentication: [String]?
    private var announcesIssuerParameter: Bool
    private var requiresPushedRequests: Bool
    private var acceptsClientDocuments: Bool

    /// The endpoints without which there is no sign-in.
    private static let needed = ["authorization_endpoint", "token_endpoint"]
    private static let optional = [
        "device_authorization_endpoint", "revocation_endpoint", "registration_endpoint",
        "pushed_authorization_request_endpoint", "userinfo_endpoint",
    ]

    /// - Throws: `missingEndpoint` if the document names no issuer, `issuerMismatch` if it is for another one, `malformed`
    ///   if its issuer is no text.
    init(_ document: JSONObject, expected: Issuer) throws(OAuthError) {
        let found: String?
        do { found = try document.string("issuer") } catch { throw OAuthError(error, host: expected.url.host) }
        guard let found else { throw .missingEndpoint(member: "issuer") }
        guard expected.accepts(found)
        else { throw .issuerMismatch(expected: expected.string, found: ServerText.printable(found)) }

        var unusable: [String] = []
        func read<Value>(_ member: String, _ value: (String) throws -> Value?) -> Value? {
            do { return try value(member) } catch {
                unusable.append(member)
                return nil
            }
        }
        (issuer, asked) = (found, expected.string)
        var fragments: [String] = []
        endpoints = (Self.needed + Self.optional).reduce(into: [:]) { known, member in
            known[member] = read(member) {
                try Self.endpoint($0, in: document, of: expected) { fragments.append(member) }
            }
        }
        self.fragments = fragments
        methods = read("code_challenge_methods_supported", document.list)
        scopes = read("scopes_supported", document.list)
        authentication = read("token_endpoint_auth_methods_supported", document.list)
        announcesIssuerParameter = read("authorization_response_iss_parameter_supported", document.flag) ?? false
        requiresPushedRequests = read("require_pushed_authorization_requests", document.flag) ?? false
        acceptsClientDocuments = read("client_id_metadata_document_supported", document.flag) ?? false
        self.unusable = unusable
    }

    /// Leaves out a fragment: it would not be sent. But a path or a mark behind the # sign names a page of a script, without
    /// which the endpoint is another one.
    ///
    /// - Throws: `invalidEndpoint` if keyfob must not contact the endpoint.
    private static func endpoint(
        _ member: String, in document: JSONObject, of issuer: Issuer, noteFragment: () -> Void
    ) throws -> EndpointURL? {
        guard var text = try document.string(member)?.trimmed else { return nil }
        let parts = text.parts(at: "#", maxSplits: 1)
        if parts.count == 2, !parts[1].begins(with: "/"), !parts[1].begins(with: "!") {
            text = String(parts[0])
            noteFragment()
        }
        // A document from the network must not make keyfob connect to services on this machine.
        guard let url = try? EndpointURL(text), !url.isLoopback || issuer.url.isLoopback
        else { throw OAuthError.invalidEndpoint(member: member) }
        return url
    }

    /// Whether the document announces S256 (RFC 7636 section 4.2).
    var announcesS256: Bool { methods?.contains("S256") == true }

    /// Adds what `other`, a later document of the same issuer, has and this one lacks.
    mutating func complete(by other: MetadataDocument) {
        endpoints.merge(other.endpoints) { mine, _ in mine }
        if !announcesS256, let more = other.methods { methods = (methods ?? []) + more }
        if let more = other.scopes { scopes = (scopes ?? []) + more.filter { scopes?.contains($0) != true } }
        authentication = authentication ?? other.authentication
        announcesIssuerParameter = announcesIssuerParameter || other.announcesIssuerParameter
        requiresPushedRequests = requiresPushedRequests || other.requiresPushedRequests
        acceptsClientDocuments = acceptsClientDocuments || other.acceptsClientDocuments
    }

    /// The metadata.
    ///
    /// - Throws: `missingEndpoint` or `invalidEndpoint` with the name of the member without which there is no sign-in.
    func metadata() throws(OAuthError) -> AuthorizationServerMetadata {
        func needed(_ member: String) throws(OAuthError) -> EndpointURL {
            if let url = endpoints[member] { return url }
            throw unusable.contains(member) ? .invalidEndpoint(member: member) : .missingEndpoint(member: member)
        }
        let device = endpoints["device_authorization_endpoint"]
        let isForDevicesAlone =
            device != nil && endpoints["authorization_endpoint"] == nil
            && !unusable.contains("authorization_endpoint")
        let page: EndpointURL
        if isForDevicesAlone, let device { page = device } else { page = try needed("authorization_endpoint") }
        var metadata = AuthorizationServerMetadata(
            issuer: issuer, authorizationEndpoint: page, tokenEndpoint: try needed("token_endpoint"),
            deviceAuthorizationEndpoint: device,
            revocationEndpoint: endpoints["revocation_endpoint"],
            registrationEndpoint: endpoints["registration_endpoint"], codeChallengeMethodsSupported: methods,
            authorizationResponseIssParameterSupported: announcesIssuerParameter, scopesSupported: scopes,
            pushedAuthorizationRequestEndpoint: endpoints["pushed_authorization_request_endpoint"],
            requiresPushedAuthorizationRequests: requiresPushedRequests,
            clientIDMetadataDocumentSupported: acceptsClientDocuments,
            tokenEndpointAuthMethodsSupported: authentication)
        metadata.isForDevicesAlone = isForDevicesAlone
        metadata.otherSpelling = asked.isSame(as: issuer) ? nil : asked
        return metadata
    }
}

extension AuthorizationServerMetadata {
    /// Reads a document that was fetched for `issuer` and that no other completes. The result keeps the document's issuer,
    /// because `iss` is compared with it byte for byte.
    ///
    /// - Throws: `issuerMismatch` if the document is for another issuer; `missingEndpoint` or `invalidEndpoint` with
    ///   the member's name; `malformed` if the document cannot be read.
    package static func decode(
        _ json: [UInt8], issuer: String
    ) throws(OAuthError) -> AuthorizationServerMetadata {
        let expected = try Issuer(issuer)
        let document: JSONObject
        do { document = try JSONObject(json) } catch { throw OAuthError(error, host: expected.url.host) }
        return try MetadataDocument(document, expected: expected).metadata()
    }
}
