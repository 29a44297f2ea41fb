/// A client whose id is the address of a document that describes it (draft-ietf-oauth-client-id-metadata-document): the
/// server fetches the document, and nobody registers anything.
///
/// The document is `client-metadata.json` beside this file. Who distributes keyfob puts it at an address of their own,
/// writes that address into it, and sets it as `client_metadata_document`.
package enum ClientMetadataDocument {
    /// Checks the address of a document, which is the client's id, letter by letter (section 3 of the draft): https, a
    /// path without dot segments, no user information, no fragment, and no query.
    ///
    /// Throws `invalidClientMetadataDocument`.
    package static func clientID(_ url: String) throws(OAuthError) -> EndpointURL {
        guard let parsed = try? EndpointURL(url), parsed.scheme == "https", parsed.query == nil,
            !parsed.path.isEmpty, parsed.path != "/", !ResourceIdentifier.mayBeResolved(parsed.path)
        else { throw .invalidClientMetadataDocument(url: ServerText.printable(url)) }
        return parsed
    }

    /// The redirect URI that the document promises: without a port for servers that take any on loopback (RFC 8252 section
    /// 7.3), and with these for those that compare the whole address. The ports are below those that systems give out,
    /// and assigned to nobody.
    package static var redirect: RedirectTemplate {
        var redirect = RedirectTemplate.loopback
        redirect.ports = [28_441, 28_663, 28_927]
        return redirect
    }
}
