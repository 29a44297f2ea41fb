import Addresses
import Secrets

/// The response that the browser brings to the redirect URI (RFC 6749 sections 4.1.2 and 4.1.2.1, RFC 9207 section 2).
///
/// Only `state`, `iss`, `code` and `error` decide, so each of them may have one value (RFC 6749 section 3.1). Everything
/// else may be missing, doubled or in any encoding.
package struct AuthorizationResponse {
    /// Why a response is no answer to this login. The login goes on.
    package enum Problem: Sendable, Equatable {
        /// It has no parameter of a response at all, as if the server had put them elsewhere, for instance into the fragment.
        case empty
        /// It is longer than keyfob reads.
        case tooLong
        /// It has no `state`. Anybody can write such a response, so only the form of an error code is accepted.
        case noState(error: String?)
        /// A parameter that decides has two values.
        case repeated(parameter: String)
        /// It has not exactly one of `code` and `error`.
        case undecided
        /// The code has bytes outside of visible ASCII and the space.
        case unusableCode
        /// It is valid, but comes from a browser that was not started for this login.
        case anotherBrowser
        /// It has the state of this login, but came to another address than the redirect URI, for instance another path.
        case elsewhere(address: String)
        /// It has the state of this login, but a form that keyfob does not read.
        case unreadable
    }

    /// The server's decision.
    private enum Outcome {
        case code(Secret)
        case error(code: String, description: String?)
    }

    private let values: [String: [[UInt8]]]

    /// Reads any query.
    init(query: String) {
        values = FormEncoding.decodeTolerantly(query).reduce(into: [:]) { values, pair in
            guard var name = String(validating: pair.name, as: UTF8.self) else { return }
            // From an address that was written as HTML twice.
            if name.hasPrefix("amp;") { name.removeFirst("amp;".count) }
            // A parameter that occurs twice with one value has that value.
            if values[name]?.contains(pair.value) != true { values[name, default: []].append(pair.value) }
        }.mapValues { values in
            // One without a value counts as omitted (RFC 6749 section 3.1).
            values.count > 1 ? values.filter { !$0.isEmpty } : values
        }
    }

    /// Whether the query has a parameter of a response.
    var hasAnyParameter: Bool { ["state", "code", "error"].contains { values[$0] != nil } }

    /// Whether its state is the beginning of that of the login: the address was cut off.
    func isCutOff(in state: Secret) -> Bool {
        let whole = state.exposedBytes
        return (values["state"] ?? []).contains { $0.count < whole.count && whole.starts(with: $0) }
    }

    /// Whether it has the state of the login, and no other one.
    func belongs(to state: Secret) -> Bool {
        let states = (values["state"] ?? []).filter { !$0.isEmpty }
        return states.count == 1 && Secret(states[0]) == state
    }

    /// Checks that the response belongs to the login with `state`, and that it is a decision.
    ///
    /// - Throws: `anotherLogin` or `unusableResponse`.
    func check(state: Secret) throws(OAuthError) {
        let states = (values["state"] ?? []).filter { !$0.isEmpty }.map { Secret($0) }
        guard !states.isEmpty else { throw .unusableResponse(.noState(error: unprovenError)) }
        guard states.contains(state) else { throw .anotherLogin }
        if let repeated = ["state", "iss", "code", "error"].first(where: { (values[$0]?.count ?? 0) > 1 }) {
            throw .unusableResponse(.repeated(parameter: repeated))
        }
        _ = try outcome()
    }

    /// Returns the code. Call this only after ``check(state:)``.
    ///
    /// An `iss` must be identical to the issuer, byte for byte, even if the server did not announce it. It may also be
    /// identical to the issuer as keyfob asked for its metadata, which differs by one slash at most. If the server announced
    /// `iss`, it must be there (RFC 9207 section 2.4). A mismatch hides everything else in the response.
    ///
    /// - Throws: `refused` with the server's error, or `responseIssuerMismatch`.
    func code(from metadata: AuthorizationServerMetadata) throws(OAuthError) -> Secret {
        let outcome = try outcome()
        if let expected = metadata.issuer {
            // A parameter without a value counts as omitted (RFC 6749 section 3.1).
            if let issuer = values["iss"]?.first, !issuer.isEmpty {
                let spellings = [expected, metadata.otherSpelling].compactMap { $0.map { Array($0.utf8) } }
                guard spellings.contains(issuer) else {
                    throw .responseIssuerMismatch(expected: expected, found: shown(issuer))
                }
            } else if metadata.authorizationResponseIssParameterSupported {
                try refuseWithoutIssuer(outcome, expected: expected, host: metadata.authorizationEndpoint.host)
            }
        }
        switch outcome {
        case .code(let code): return code
        case .error(let code, let description):
            throw .refused(
                host: metadata.authorizationEndpoint.host, status: 302, error: code, description: description)
        }
    }

    private func outcome() throws(OAuthError) -> Outcome {
        // A parameter without a value counts as omitted (RFC 6749 section 3.1). Some servers have names of their own.
        func text(_ names: [String]) -> [UInt8]? {
            names.lazy.compactMap { values[$0]?.first { !$0.isEmpty } }.first
        }
        let code = values["code"]?.first
        let error = text(["error"]) ?? (code == nil ? text(["error_code", "errorCode"]) : nil)
        switch (error != nil && code?.isEmpty == true ? nil : code, error) {
        case (let code?, nil):
            // VSCHAR, RFC 6749 appendix A.11.
            guard !code.isEmpty, code.allSatisfy({ (0x20...0x7E).contains($0) })
            else { throw .unusableResponse(.unusableCode) }
            return .code(Secret(code))
        case (nil, let error?):
            let description = text(["error_description", "error_message", "errorMessage", "error_reason"])
            return .error(code: shown(error), description: description.map(shown))
        default:
            throw .unusableResponse(.undecided)
        }
    }

    /// Some servers announce `iss` but omit it in error responses. With the right state such a response still ends the
    /// login, but nothing proves who wrote the error text, so the text is dropped.
    private func refuseWithoutIssuer(_ outcome: Outcome, expected: String, host: String) throws(OAuthError) -> Never {
        switch outcome {
        case .code: throw .responseIssuerMismatch(expected: expected, found: nil)
        case .error:
            throw .refused(host: host, status: 302, error: OAuthError.unverifiedRefusal, description: nil)
        }
    }

    /// The error code if it looks like one. Other text could be anybody's message to the user.
    private var unprovenError: String? {
        guard let error = values["error"]?.first, (1...40).contains(error.count),
            error.allSatisfy({ ASCII.isLetter($0) || ASCII.isDigit($0) || "_-.".utf8.contains($0) })
        else { return nil }
        return shown(error)
    }

    /// A text of the server for people, without the secrets of this response.
    private func shown(_ bytes: [UInt8]) -> String {
        let secrets = ["state", "code"].flatMap { values[$0] ?? [] }.map { Secret($0) }
        return ServerText.printable(String(decoding: bytes, as: UTF8.self), without: secrets)
    }
}

extension OAuthError {
    /// The issuer that a response names, if it differs from the expected one only by a slash at its end; and whether the
    /// metadata of the server are accepted under that name, too.
    package var otherSpelling: (issuer: String, isAccepted: Bool)? {
        guard case .responseIssuerMismatch(let expected, let found?) = self,
            found.isSame(as: expected + "/") || expected.isSame(as: found + "/")
        else { return nil }
        return (found, (try? Issuer(found))?.accepts(expected) == true)
    }
}
