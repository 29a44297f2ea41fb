import Addresses
import FoundationEssentials
import Secrets

extension Client {
    /// A POST of `form` to `url` with this client's authentication added (RFC 6749 sections 2.3.1 and 3.2.1).
    func request(_ form: FormBody, to url: EndpointURL) -> HTTPRequest {
        var form = form
        let isInHeader = authentication == .plainBasic || (authentication == .basic && isFormChosen)
        if !isInHeader || secret == nil { form.append("client_id", id) }
        var credentials: Secret?
        switch (authentication, secret) {
        case (.post, let secret?): form.append("client_secret", secret)
        case (.basic, let secret?): credentials = basicCredentials(secret)
        case (.plainBasic, let secret?):
            credentials = Self.basicCredentials(id: Array(id.utf8), secret: secret.exposedBytes)
        default: break
        }
        var request = HTTPRequest(post: form.secret, to: url, authorization: credentials.map(Self.basic))
        request.sentSecrets = form.sentSecrets + [credentials, secret].compactMap { $0 }
        return request
    }

    /// The value of an `Authorization` field (RFC 7617 section 2).
    static func basic(_ credentials: Secret) -> Secret { Secret(Array("Basic ".utf8) + credentials.exposedBytes) }

    /// Both parts are form-urlencoded before they are joined, so they may contain a colon.
    func basicCredentials(_ secret: Secret) -> Secret {
        Self.basicCredentials(
            id: FormEncoding.encode(id.utf8), secret: FormEncoding.encode(secret.exposedBytes))
    }

    private static func basicCredentials(id: [UInt8], secret: [UInt8]) -> Secret {
        Secret(Data(id + [UInt8(ascii: ":")] + secret).base64EncodedString())
    }
}
