import Glibc
import Secrets

/// Why a poll brought no token (RFC 8628 section 3.5), from an answer in any form.
struct UnsuccessfulPoll: Error {
    let error: OAuthError
    /// Whether the server asks for slower polls. Servers and gateways say so in different forms.
    var isTooFast = false
    /// `Retry-After` in seconds; nil if there is none.
    var retryAfter: Int?
    /// Whether the server issued a token that keyfob cannot use. The device code is spent then.
    var hasToken = false
    /// Whether the answer has the form of RFC 6749 section 5.2: a text as `error`, with a status that gateways rarely use for it.
    private var hasStandardForm = false

    init(_ error: OAuthError) { self.error = error }

    /// - Parameter error: why `response` has no usable token.
    init(_ error: OAuthError, _ response: HTTPResponse, from host: String) {
        let answer = try? TokenAnswer(response, host: host)
        // The error of RFC 8628 counts with any status.
        self.error = answer?.refusal(response, by: host) ?? error
        hasToken = answer.flatMap { try? $0.string("access_token", host: host) }?.isEmpty == false
        hasStandardForm = [400, 404, 410].contains(response.status) && answer?.text("error")?.isEmpty == false
        retryAfter = response.field("Retry-After").flatMap { RetryAfter.seconds($0, now: Int64(time(nil))) }
        let letters = response.body.exposedBytes.lazy.map { $0 | 0x20 }.filter { (0x61...0x7A).contains($0) }
        isTooFast = response.status == 429 && retryAfter == nil || Array(letters).contains(Array("slowdown".utf8))
    }

    /// The error code of the answer in lower case, with `_` for hyphens and blanks; nil if it has none.
    var code: String? {
        guard case .refused(_, _, let code, _) = error else { return nil }
        return code.asciiLowercased.replacingBytes(of: "-", with: "_").replacingBytes(of: " ", with: "_")
    }

    /// Whether a later poll cannot succeed. An unknown error code ends the polling (RFC 8628 section 3.5), unless it asks
    /// for patience. A gateway's page, a status without an error or an empty answer says nothing about the user's decision.
    var isFinal: Bool {
        if let code {
            if Self.finalCodes.contains(code) { return true }
            return hasStandardForm && !Self.patientWords.contains { code.firstRange(of: $0) != nil }
        }
        return switch error {
        case .cancelled, .settingsUnknown: true
        default: hasToken
        }
    }

    /// Whether the user has not decided yet: the expected answer.
    var isExpected: Bool { isTooFast || code == "authorization_pending" }

    /// RFC 8628 section 3.5 and RFC 6749 section 5.2, and then other names by which Microsoft and GitHub call them.
    private static let finalCodes: Set = [
        "access_denied", "expired_token", "invalid_grant", "invalid_client", "unauthorized_client",
        "unsupported_grant_type", "authorization_declined", "bad_verification_code", "incorrect_client_credentials",
        "incorrect_device_code", "device_flow_disabled",
    ]
}

extension UnsuccessfulPoll {
    private static let patientWords = [
        "pending", "wait", "slow", "temporar", "unavailable", "server_error", "limit", "too_many", "timeout",
    ]
}

extension TokenEndpoint {
    /// Asks whether the user has finished on the other device (RFC 8628 section 3.4). An answer with a token is used,
    /// whatever else it has.
    func poll(deviceCode: Secret, resource: String?) async throws(UnsuccessfulPoll) -> TokenResponse {
        var form = FormBody()
        form.append("grant_type", "urn:ietf:params:oauth:grant-type:device_code")
        form.append("device_code", deviceCode)
        form.append("resource", resource)
        let response: HTTPResponse
        let authentication: ClientAuthentication
        do { (response, authentication) = try await answer(to: form) } catch { throw UnsuccessfulPoll(error) }
        do {
            return try await token(in: response, authentication, resource: resource)
        } catch {
            throw UnsuccessfulPoll(error, response, from: host)
        }
    }
}
