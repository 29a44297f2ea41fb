/// One challenge of a `WWW-Authenticate` field: how a server wants to be shown who asks (RFC 9110 section 11.6.1).
///
/// A server writes these fields as it likes; what stands in them is a proposal, and nothing in it is to be trusted.
package struct AuthenticationChallenge: Sendable, Equatable {
    /// The authentication scheme in lower case: `bearer`, `basic`, `negotiate`.
    package let scheme: String
    /// What stands alone behind the scheme, as with `Negotiate YII=`; nil with parameters or with nothing.
    package let token68: String?
    /// By name in lower case; a quoted value stands without its quotation marks and escapes.
    package let parameters: [String: String]

    package init(scheme: String, token68: String? = nil, parameters: [String: String] = [:]) {
        (self.scheme, self.token68, self.parameters) = (scheme, token68, parameters)
    }

    /// The challenges of all `WWW-Authenticate` fields of one answer, in order.
    ///
    /// Never fails: a challenge that breaks the grammar, names a parameter twice or has more than
    /// ``ChallengeParser/maximumParameters`` of them is left out whole, because half of it might say the opposite. The
    /// challenges beside it count.
    package static func parse(_ fields: [String]) -> [AuthenticationChallenge] {
        fields.flatMap { ChallengeParser.elements(of: $0) }.filter(\.isReadable).map { element in
            var parameters: [String: String] = [:]
            for parameter in element.parameters { parameters[parameter.name] = parameter.value }
            return AuthenticationChallenge(
                scheme: element.scheme, token68: element.token68, parameters: parameters)
        }
    }

    /// The challenge that a client of OAuth goes by: the first Bearer challenge that says where the resource's metadata
    /// are (RFC 9728 section 5.1), else the first Bearer challenge; nil where there is none.
    package static func bearer(in fields: [String]) -> AuthenticationChallenge? {
        let challenges = parse(fields).filter { $0.scheme == "bearer" }
        return challenges.first { $0.resourceMetadata != nil } ?? challenges.first
    }

    /// The schemes in lower case, also of challenges that cannot be read further.
    static func schemes(in fields: [String]) -> [String] {
        fields.flatMap { ChallengeParser.elements(of: $0).map(\.scheme) }
    }
}

/// What a protected resource of OAuth says in its challenge. Of any scheme: RFC 9728 section 5.1 is not only for Bearer.
extension AuthenticationChallenge {
    /// Where the metadata of the resource are (RFC 9728 section 5.1), as the server wrote it; nil where absent or empty.
    package var resourceMetadata: String? { text("resource_metadata") }

    /// The scopes that the request needs (RFC 6750 section 3); nil where absent, empty or not of the grammar of scopes.
    package var scope: [String]? {
        guard let value = text("scope") else { return nil }
        let tokens = value.split(separator: " ").map(String.init)
        guard !tokens.isEmpty, tokens.allSatisfy(ScopeGrammar.isScope) else { return nil }
        return tokens
    }

    /// Why the request was refused: `invalid_token`, `insufficient_scope` (RFC 6750 section 3.1),
    /// `insufficient_user_authentication` (RFC 9470 section 3); nil where absent.
    package var error: String? { text("error") }

    /// The authentication contexts that would do, the best first (RFC 9470 section 3); nil where absent.
    package var acrValues: [String]? {
        text("acr_values").map { $0.split(separator: " ").map(String.init) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// How many seconds may have passed since the person signed in (RFC 9470 section 3); nil where absent or no number.
    package var maxAge: Int? {
        guard let value = text("max_age"), value.utf8.allSatisfy(HostGrammar.isDigit) else { return nil }
        return Int(value)
    }

    private func text(_ name: String) -> String? { parameters[name].flatMap { $0.isEmpty ? nil : $0 } }
}
