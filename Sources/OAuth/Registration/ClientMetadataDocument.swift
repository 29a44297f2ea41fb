package import Addresses

/// A client whose id is the URL of a document that describes it (draft-ietf-oauth-client-id-metadata-document). The
/// server fetches the document, so no registration is needed.
///
/// The document is `client-metadata.json` beside this file. A distributor of keyfob publishes it at a URL, writes that
/// URL into it, and configures it as `client_metadata_document`.
package enum ClientMetadataDocument {
    /// Checks the URL of a document, which is the client id byte for byte (section 3 of the draft): https, a path
    /// without dot segments, no user information, no fragment, no query.
    ///
    /// - Throws: `invalidClientMetadataDocument`.
    package static func clientID(_ url: String) throws(OAuthError) -> EndpointURL {
        guard let parsed = try? EndpointURL(url), parsed.scheme == "https", parsed.query == nil,
            !parsed.path.isEmpty, parsed.path != "/", !ResourceIdentifier.mayBeResolved(parsed.path)
        else { throw .invalidClientMetadataDocument(url: ServerText.printable(url)) }
        return parsed
    }

    /// The redirect URI in the document. It has no port for servers that accept any port on loopback (RFC 8252 section
    /// 7.3), and these ports for servers that compare the complete URI. The ports are below the range for temporary
    /// ports and assigned to no service.
    package static var redirect: RedirectTemplate {
        var redirect = RedirectTemplate.loopback
        redirect.ports = [28_441, 28_663, 28_927]
        return redirect
    }
}
