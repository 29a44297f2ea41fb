import Secrets

extension TokenResponse {
    /// A year: nobody means more, and `9e99` must not overflow anything.
    static let longestLifetime = 31_536_000

    /// Reads a whole answer of the token endpoint at `host` (RFC 6749 sections 5.1 and 5.2).
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
            // An empty one is how some servers say that there is none.
            refreshToken: try refreshToken.flatMap { (text) throws(OAuthError) in
                text.isEmpty ? nil : try Self.usable(text)
            },
            scope: try answer.string("scope", host: host).map(Self.scopeTokens),
            // A name for the account hangs on it, no more: what is wrong with it does not spoil the token.
            idToken: (try? answer.string("id_token", host: host)).flatMap { $0.flatMap { try? Self.usable($0) } })
    }

    /// A token is written into line protocols and header fields: visible ASCII, and nothing else.
    private static func usable(_ token: String) throws(OAuthError) -> Secret {
        guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .unusableToken }
        return Secret(token)
    }

    private static func lifetime(_ seconds: Double) -> Int? {
        guard seconds >= 1 else { return nil }
        return Int(min(seconds, Double(longestLifetime)))
    }

    /// RFC 6749 section 3.3: tokens of visible ASCII without quotation mark and backslash, with spaces between.
    private static func scopeTokens(_ text: String) -> [String] {
        text.split(separator: " ").filter { token in
            token.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }
        }.map(String.init)
    }
}
