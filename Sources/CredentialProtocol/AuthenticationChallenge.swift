import Addresses

/// One challenge of a `WWW-Authenticate` field: how a server wants the client to authenticate (RFC 9110 section
/// 11.6.1).
///
/// The server controls every value here, so no value may be trusted.
package struct AuthenticationChallenge: Sendable, Equatable {
    /// The authentication scheme in lower case: `bearer`, `basic`, `negotiate`.
    package let scheme: String
    /// The value that follows the scheme directly, as in `Negotiate YII=`; nil if parameters or nothing follow.
    package let token68: String?
    /// Parameter values by name in lower case. Quoted values are stored without quotation marks and escapes.
    package let parameters: [String: String]

    package init(scheme: String, token68: String? = nil, parameters: [String: String] = [:]) {
        (self.scheme, self.token68, self.parameters) = (scheme, token68, parameters)
    }

    /// Parses all `WWW-Authenticate` field values of one response, in order. Never fails.
    ///
    /// A challenge is skipped completely if it breaks the grammar, names a parameter twice or has more than
    /// ``ChallengeParser/maximumParameters`` parameters. A part of it could mean the opposite. The other challenges are
    /// kept.
    package static func parse(_ fields: [String]) -> [AuthenticationChallenge] {
        fields.flatMap { ChallengeParser.elements(of: $0) }.filter(\.isReadable).map { element in
            var parameters: [String: String] = [:]
            for parameter in element.parameters { parameters[parameter.name] = parameter.value }
            return AuthenticationChallenge(
                scheme: element.scheme, token68: element.token68, parameters: parameters)
        }
    }

    /// Returns the challenge that an OAuth client follows: the first Bearer challenge with `resource_metadata` (RFC
    /// 9728 section 5.1), otherwise the first Bearer challenge. Returns nil if there is no Bearer challenge.
    package static func bearer(in fields: [String]) -> AuthenticationChallenge? {
        let challenges = parse(fields).filter { $0.scheme == "bearer" }
        return challenges.first { $0.resourceMetadata != nil } ?? challenges.first
    }

    /// The schemes in lower case, including those of challenges that break the grammar.
    static func schemes(in fields: [String]) -> [String] {
        fields.flatMap { ChallengeParser.elements(of: $0).map(\.scheme) }
    }
}

/// Parameters of an OAuth protected resource. They are read for any scheme: RFC 9728 section 5.1 is not limited to
/// Bearer.
extension AuthenticationChallenge {
    /// The URL of the resource's metadata as the server wrote it (RFC 9728 section 5.1); nil if absent or empty.
    package var resourceMetadata: String? { text("resource_metadata") }

    /// The scopes that the request needs (RFC 6750 section 3); nil if absent, empty or not in the grammar of scopes.
    package var scope: [String]? {
        guard let value = text("scope") else { return nil }
        let tokens = value.split(separator: " ").map(String.init)
        guard !tokens.isEmpty, tokens.allSatisfy(ScopeGrammar.isScope) else { return nil }
        return tokens
    }

    /// The reason for the refusal: `invalid_token`, `insufficient_scope` (RFC 6750 section 3.1) or
    /// `insufficient_user_authentication` (RFC 9470 section 3); nil if absent or empty.
    package var error: String? { text("error") }

    /// The authentication contexts that the server accepts, the preferred one first (RFC 9470 section 3); nil if absent
    /// or empty.
    package var acrValues: [String]? {
        text("acr_values").map { $0.split(separator: " ").map(String.init) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The maximum age of the user's sign-in in seconds (RFC 9470 section 3); nil if absent or not a number.
    package var maxAge: Int? {
        guard let value = text("max_age"), value.utf8.allSatisfy(ASCII.isDigit) else { return nil }
        return Int(value)
    }

    private func text(_ name: String) -> String? { parameters[name].flatMap { $0.isEmpty ? nil : $0 } }
}
