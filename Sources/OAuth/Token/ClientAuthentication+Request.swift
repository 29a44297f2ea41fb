import FoundationEssentials
import Secrets

extension Client {
    /// A POST of `form` to `url` with this client's authentication added (RFC 6749 sections 2.3.1 and 3.2.1).
    func request(_ form: FormBody, to url: EndpointURL) -> HTTPRequest {
        var form = form
        form.append("client_id", id)
        switch (authentication, secret) {
        case (.post, let secret?):
            form.append("client_secret", secret)
            return HTTPRequest(post: form.secret, to: url)
        case (.basic, let secret?):
            return HTTPRequest(post: form.secret, to: url, authorization: basicCredentials(secret))
        default:
            return HTTPRequest(post: form.secret, to: url)
        }
    }

    /// Both halves are form-urlencoded before they are joined, so that a colon in one of them does no harm.
    private func basicCredentials(_ secret: Secret) -> Secret {
        let pair = FormEncoding.encode(id.utf8) + [UInt8(ascii: ":")] + FormEncoding.encode(secret.exposedBytes)
        return Secret("Basic " + Data(pair).base64EncodedString())
    }
}
