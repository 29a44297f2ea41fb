import Secrets

extension TokenResponse {
    /// One year. No server needs more, and values like `9e99` must not overflow.
    static let longestLifetime = 31_536_000

    /// Reads a complete answer of the token endpoint at `host` (RFC 6749 sections 5.1 and 5.2).
    init(_ response: HTTPResponse, from host: String) throws(OAuthError) {
        try response.checkAnswered(by: host)
        let answer = try TokenAnswer(response, host: host)
        try answer.checkNotRefused(response, by: host)
        guard response.status == 200 else { throw .malformed(host: host, member: "error") }

        guard let type = try answer.string("token_type", host: host)
        else { throw .malformed(host: host, member: "token_type") }
        guard type.lowercased() == "bearer" else { throw .unexpectedTokenType(ServerText.printable(type)) }
        guard let accessToken = try answer.string("access_token", host: host) else { throw .unusableToken }
        let refreshToken = try answer.string("refresh_token", host: host)

        self.init(
            accessToken: try Self.usable(accessToken),
            expiresIn: answer.number("expires_in").flatMap(Self.lifetime),
            // Some servers send an empty text if there is no refresh token.
            refreshToken: try refreshToken.flatMap { (text) throws(OAuthError) in
                text.isEmpty ? nil : try Self.usable(text)
            },
            scope: try answer.string("scope", host: host).map(Self.scopeTokens),
            // Only the account's name depends on it, so an invalid id_token does not invalidate the response.
            idToken: (try? answer.string("id_token", host: host)).flatMap { $0.flatMap { try? Self.usable($0) } })
    }

    /// Accepts only visible ASCII, because tokens are written into line protocols and header fields.
    private static func usable(_ token: String) throws(OAuthError) -> Secret {
        guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .unusableToken }
        return Secret(token)
    }

    private static func lifetime(_ seconds: Double) -> Int? {
        guard seconds >= 1 else { return nil }
        return Int(min(seconds, Double(longestLifetime)))
    }

    /// RFC 6749 section 3.3: scopes of visible ASCII without quotation mark and backslash, separated by spaces.
    private static func scopeTokens(_ text: String) -> [String] {
        text.split(separator: " ").filter { token in
            token.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }
        }.map(String.init)
    }
}
