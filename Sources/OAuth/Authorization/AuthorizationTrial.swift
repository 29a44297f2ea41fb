import Addresses
import Secrets

/// The answer of a server to an authorization request without a signed-in user: a page, its own sign-in, or an error.
///
/// The request is that of a real sign-in, but it has no cookie and its answer is not used. No redirect is followed, and a
/// code would be worthless, because nothing keeps the verifier.
package struct AuthorizationTrial: Sendable {
    /// The answer, in words of the server that are safe to show.
    package enum Answer: Sendable, Equatable {
        /// The server goes back to keyfob, as at the end of a sign-in.
        case comesBack
        /// The server sends the browser to a page of this host.
        case continues(host: String)
        /// The server shows a page, which may be its sign-in or an error.
        case page(title: String?)
        /// The server refuses the request: in the redirect, in JSON or by its status.
        case refuses(status: Int, error: String?, description: String?)
    }

    /// The parameters that were sent.
    package let clientID: String
    package let redirectURI: String
    package let scopes: [String]
    private let address: String

    /// - Parameters:
    ///   - port: a free port, as the real sign-in would use it.
    package init(_ parameters: AuthorizationParameters, port: Int?) {
        let request = AuthorizationRequest(
            parameters, redirectURI: parameters.redirect.uri(port: port), state: RandomText.base64URL(bits: 256),
            challenge: CodeVerifier().challenge,
            nonce: parameters.scopes.contains("openid") ? RandomText.base64URL(bits: 128) : nil)
        (clientID, redirectURI, scopes) = (request.clientID, request.redirectURI, request.scopes)
        address = request.address
    }

    /// Sends the request. If the server first wants a sign-in, sends it once more with `prompt=none` (OpenID Connect Core
    /// section 3.1.2.1): many servers then look at the request and say that nobody is signed in.
    package func send(by transport: any HTTPTransport) async throws -> Answer {
        let first = try await send(address, transport)
        switch first {
        case .comesBack, .refuses: return first
        case .continues, .page: break
        }
        guard let second = try? await send(address + "&prompt=none", transport) else { return first }
        switch second {
        case .comesBack: return second
        // On a page of its own: the server does not trust the client or the redirect URI.
        case .refuses(400..<500, _, _): return second
        case .refuses(_, let error?, _) where Self.aboutTheRequest.contains(error): return second
        default: return first
        }
    }

    /// Errors that do not mean `prompt` itself.
    private static let aboutTheRequest = ["invalid_scope", "unauthorized_client", "invalid_client", "invalid_target"]

    private func send(_ address: String, _ transport: any HTTPTransport) async throws -> Answer {
        let url = try EndpointURL(address)
        var request = HTTPRequest(get: url)
        request.accept = "text/html, application/json;q=0.5"
        request.repetition = .never
        do throws(OAuthError) {
            return answer(try await transport.send(request), from: url)
        } catch {
            if case .tooLarge = error { return .page(title: nil) }
            throw error
        }
    }

    /// Errors that only say that nobody is signed in (OpenID Connect Core section 3.1.2.6).
    private static let needsUser = [
        "login_required", "interaction_required", "consent_required", "account_selection_required",
    ]

    private func answer(_ response: HTTPResponse, from url: EndpointURL) -> Answer {
        if (300..<400).contains(response.status), let location = response.field("Location") {
            return answer(status: response.status, redirectingTo: location, from: url)
        }
        // Objects in the scripts of a page are no answer.
        let isPage = response.body.exposedBytes.first { $0 > 0x20 } == UInt8(ascii: "<")
        if !isPage, let json = try? TokenAnswer(response, host: url.host),
            case .refused(_, _, let error, let description)? = json.refusal(response, by: url.host)
        {
            return .refuses(status: response.status, error: error, description: description)
        }
        let title = Self.title(of: response)
        return response.status < 400
            ? .page(title: title) : .refuses(status: response.status, error: nil, description: title)
    }

    private func answer(status: Int, redirectingTo location: String, from url: EndpointURL) -> Answer {
        let parts = String(location.prefix { $0 != "#" }).parts(at: "?", maxSplits: 1)
        let query = FormEncoding.decodeTolerantly(parts.count > 1 ? String(parts[1]) : "")
        func value(_ name: String) -> String? {
            query.first { $0.name == Array(name.utf8) }
                .map { ServerText.printable(String(decoding: $0.value, as: UTF8.self)) }
        }
        if let error = value("error"), !Self.needsUser.contains(error) {
            return .refuses(status: status, error: error, description: value("error_description"))
        }
        if location.begins(with: redirectURI) { return .comesBack }
        return .continues(host: (try? EndpointURL(location))?.host ?? url.host)
    }

    /// The title of an HTML page, which often names the error.
    private static func title(of response: HTTPResponse) -> String? {
        let text = String(decoding: response.body.exposedBytes.prefix(16_384), as: UTF8.self)
        let lowercased = text.asciiLowercased
        guard let start = lowercased.firstRange(of: "<title"),
            let open = lowercased[start.upperBound...].firstIndex(of: ">"),
            let end = lowercased[open...].firstRange(of: "</title")
        else { return nil }
        // Both texts have the same bytes, except for letters' case.
        let bytes = Array(text.utf8)
        let from = lowercased.utf8.distance(from: lowercased.startIndex, to: open) + 1
        let to = lowercased.utf8.distance(from: lowercased.startIndex, to: end.lowerBound)
        let words = Array(bytes[from..<to].split { $0 <= 0x20 }.joined(separator: [0x20]))
        return words.isEmpty ? nil : ServerText.printable(String(decoding: words, as: UTF8.self))
    }
}
