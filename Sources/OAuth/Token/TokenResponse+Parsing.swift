import FoundationEssentials
import Glibc
import JSON
import Secrets

extension TokenResponse {
    /// One year. No server needs more, and values like `9e99` must not overflow.
    static let longestLifetime = 31_536_000

    /// The lifetime of a token in an answer that is cut off before it names one, in seconds.
    private static let lifetimeInPart = 300

    /// Reads a complete answer of the token endpoint at `host` (RFC 6749 sections 5.1 and 5.2).
    init(_ response: HTTPResponse, from host: String) throws(OAuthError) {
        try self.init(try TokenAnswer(granted: response, by: host), of: response, from: host)
    }

    /// Reads a granted answer. An error in it counts if there is no usable access token.
    init(_ answer: TokenAnswer, of response: HTTPResponse, from host: String) throws(OAuthError) {
        do {
            try self.init(answer)
            // The part that is missing may have said when the token expires.
            if response.fault != nil || answer.isCut { expiresIn = expiresIn ?? Self.lifetimeInPart }
            // Scopes are shown.
            let secrets = response.sentSecrets + answer.tokens
            scope = scope?.filter { ServerText.printable($0, without: secrets).isSame(as: $0) }
        } catch .unexpectedTokenType(let type) {
            try answer.checkNotRefused(response, by: host)
            throw .unexpectedTokenType(ServerText.printable(type, without: response.sentSecrets))
        } catch {
            try answer.checkNotRefused(response, by: host)
            // If a part is missing, that is the reason.
            throw error == .unusableToken ? response.fault ?? error : error
        }
    }

    /// Reads an answer without an error. Only the access token and its type decide; of the other members, those that
    /// can be read are used.
    ///
    /// - Throws: `unexpectedTokenType`, `unusableToken`.
    init(_ answer: TokenAnswer) throws(OAuthError) {
        // A server that leaves the type out means Bearer, the only type in use without a further protocol.
        for case .string(let type) in answer.values("token_type") where !type.trimmed.isEmpty {
            // The last two are Slack's, whose tokens are sent as Bearer.
            guard ["bearer", "bearertoken", "bot", "user"].holdsSame(as: TokenAnswer.folded(type))
            else { throw .unexpectedTokenType(ServerText.printable(type, without: answer.tokens)) }
        }
        let tokens = answer.values("access_token")
        guard case .string(let token)? = tokens.first, tokens.allSatisfy({ $0 == .string(token) })
        else { throw .unusableToken }
        self.init(
            accessToken: try Self.usable(token),
            expiresIn: Self.lifetime(answer, now: Double(time(nil))),
            refreshToken: Self.refreshToken(answer),
            scope: Self.scopes(answer),
            // Only the account's name depends on it, so an invalid id_token does not invalidate the response.
            idToken: answer.text("id_token").flatMap { try? Self.usable($0) })
    }

    /// The refresh token in an answer; nil if there is none, or it has control characters elsewhere than at its ends. It is
    /// only sent in forms, so it may have other characters than an access token (RFC 6749 appendix A.17).
    static func refreshToken(_ answer: TokenAnswer) -> Secret? {
        guard let written = answer.token("refresh_token") else { return nil }
        return [written, written.trimmed].first { text in
            !text.isEmpty && text.utf8.count <= longestToken
                && text.unicodeScalars.allSatisfy { !Printable.isHarmful($0) && $0 != "\u{FFFD}" }
        }.map { Secret($0) }
    }

    /// In bytes. A token must fit into a line of the helper protocol, which is at most 65,535 bytes long.
    private static let longestToken = 65_000

    /// Accepts only visible ASCII, because tokens are written into line protocols and header fields. Some servers leave a
    /// line break at the end.
    private static func usable(_ written: String) throws(OAuthError) -> Secret {
        let token = written.trimmed
        guard !token.isEmpty, token.utf8.count <= longestToken, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw .unusableToken }
        return Secret(token)
    }

    private static func lifetime(_ answer: TokenAnswer, now: Double) -> Int? {
        for name in ["expires_in", "expires", "expires_at", "expires_on"] {
            if let number = answer.number(name) { return lifetime(number, now: now) }
            if let text = answer.text(name), let date = try? Date(text, strategy: .iso8601) {
                return limited(date.timeIntervalSince1970 - now)
            }
        }
        return nil
    }

    /// The lifetime in a number of seconds. A number of 30 years and more is a time since 1970, in seconds or in
    /// milliseconds. Returns 0 if the token has expired, and nil if the number says nothing.
    private static func lifetime(_ number: Double, now: Double) -> Int? {
        let seconds =
            switch number {
            case 1e9..<1e11: number - now
            case 1e11..<1e14: number / 1000 - now
            default: number
            }
        return seconds.isNaN ? nil : limited(seconds)
    }

    private static func limited(_ seconds: Double) -> Int { Int(min(max(seconds, 0), Double(longestLifetime))) }

    /// The granted scopes, each once; nil if the server names none.
    private static func scopes(_ answer: TokenAnswer) -> [String]? {
        for name in ["scope", "scopes", "granted_scopes"] {
            var seen: Set<String> = []
            let found = answer.values(name).flatMap(scopes).filter { seen.insert($0).inserted }
            if !found.isEmpty { return found }
        }
        return nil
    }

    /// RFC 6749 section 3.3: scopes of visible ASCII without quotation mark and backslash, separated by spaces. Some
    /// servers separate them by commas, or send a list.
    private static func scopes(in value: JSON) -> [String] {
        switch value {
        case .array(let elements): elements.flatMap(scopes)
        case .string(let text):
            text.utf8.split { $0 <= 0x20 || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ";") }
                .filter { $0.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C } }
                .map { String(Substring($0)) }
        default: []
        }
    }
}
