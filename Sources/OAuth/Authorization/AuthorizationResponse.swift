import Secrets

/// What came back on the redirect URI (RFC 6749 sections 4.1.2 and 4.1.2.1, RFC 9207 section 2).
struct AuthorizationResponse {
    /// What the server decided.
    enum Outcome {
        case code(Secret)
        case error(code: String, description: String?)
    }

    let state: Secret
    let issuer: String?
    let outcome: Outcome

    /// Reads the query; nil for anything but one state, at most one `iss`, and either one code or one error. A parameter
    /// given twice is refused whichever it is (RFC 6749 section 3.1).
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

    /// The code, once state has been checked: throws what the server answered, or that it is not the server we asked.
    ///
    /// RFC 9207 section 2.4: an `iss` that is there must be the issuer, byte for byte, whether it was announced or not;
    /// one that was announced must be there. A mismatch hides whatever else the response says.
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

    /// Some servers that announce `iss` leave it out of errors: with the right state the login is over all the same, but
    /// the server's words, which nobody vouches for, are not passed on.
    private func refuseWithoutIssuer(expected: String, host: String) throws(OAuthError) -> Never {
        switch outcome {
        case .code: throw .responseIssuerMismatch(expected: expected, found: nil)
        case .error:
            throw .refused(host: host, status: 302, error: OAuthError.unverifiedRefusal, description: nil)
        }
    }
}
