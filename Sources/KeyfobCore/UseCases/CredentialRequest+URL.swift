import Addresses
package import CredentialProtocol

extension CredentialRequest {
    /// The request for a URL from the command line.
    ///
    /// - Throws: ``CredentialFailure/notAService(url:)`` if keyfob cannot serve it; `RequestError.ambiguousPath` if its path
    ///   can be read in more than one way.
    package init(url: String) throws {
        // An end of line would begin another attribute.
        guard !url.utf8.contains(where: AttributeLines.isControl) else { throw CredentialFailure.notAService(url: url) }
        do {
            self = try LineDialect().decode(Array("url=\(url)\n".utf8), for: .get)
        } catch RequestError.ambiguousPath(let attribute) {
            throw RequestError.ambiguousPath(attribute)
        } catch {
            throw CredentialFailure.notAService(url: url)
        }
        guard let service = self.url, service.scheme == "https" || service.isLoopback
        else { throw CredentialFailure.notAService(url: url) }
    }
}
