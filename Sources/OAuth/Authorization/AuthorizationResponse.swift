import Addresses
import Secrets

/// The response that the browser brings to the redirect URI (RFC 6749 sections 4.1.2 and 4.1.2.1, RFC 9207 section 2).
struct AuthorizationResponse {
    /// The server's decision.
    enum Outcome {
        case code(Secret)
        case error(code: String, description: String?)
    }

    let state: Secret
    let issuer: String?
    let outcome: Outcome

    /// Returns nil unless the query has one `state`, at most one `iss`, and either one `code` or one `error`. No
    /// parameter may occur twice (RFC 6749 section 3.1).
    init?(query: String) {
        guard let pairs = FormEncoding.decode(query) else { return nil }
        let values = Dictionary(pairs.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        guard values.count == pairs.count, let state = values["state"], !state.isEmpty else { return nil }
        self.state = Secret(state)
        issuer = values["iss"]

        switch (values["code"], values["error"]) {
        case (let code?, nil):
            // VSCHAR, RFC 6749 appendix A.11.
            guard !code.isEmpty, code.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
            outcome = .code(Secret(code))
        case (nil, let error?):
            outcome = .error(
                code: ServerText.printable(error),
                description: values["error_description"].map(ServerText.printable))
        default:
            return nil
        }
    }

    /// Returns the code. Call this only after `state` was checked.
    ///
    /// An `iss` must be identical to the issuer, byte for byte, even if the server did not announce it. If the server
    /// announced `iss`, it must be there (RFC 9207 section 2.4). A mismatch hides everything else in the response.
    ///
    /// - Throws: `refused` with the server's error, or `responseIssuerMismatch`.
    func code(from metadata: AuthorizationServerMetadata) throws(OAuthError) -> Secret {
        if let expected = metadata.issuer {
            if let issuer {
                guard issuer.isSame(as: expected) else {
                    throw .responseIssuerMismatch(expected: expected, found: ServerText.printable(issuer))
                }
            } else if metadata.authorizationResponseIssParameterSupported {
                try refuseWithoutIssuer(expected: expected, host: metadata.authorizationEndpoint.host)
            }
        }
        switch outcome {
        case .code(let code): return code
        case .error(let code, let description):
            throw .refused(
                host: metadata.authorizationEndpoint.host, status: 302, error: code, description: description)
        }
    }

    /// Some servers announce `iss` but omit it in error responses. With the right state such a response still ends the
    /// login, but nothing proves who wrote the error text, so the text is dropped.
    private func refuseWithoutIssuer(expected: String, host: String) throws(OAuthError) -> Never {
        switch outcome {
        case .code: throw .responseIssuerMismatch(expected: expected, found: nil)
        case .error:
            throw .refused(host: host, status: 302, error: OAuthError.unverifiedRefusal, description: nil)
        }
    }
}
