import Addresses
import JSON
import Secrets

/// The answer of the device authorization endpoint (RFC 8628 section 3.2).
struct DeviceAuthorization {
    let deviceCode: Secret
    let userCode: String
    let verificationURI: EndpointURL
    let verificationURIComplete: EndpointURL?
    /// Seconds until the codes expire.
    let expiresIn: Int
    /// Seconds between two polls.
    let interval: Int

    /// Seconds between polls if the server names no interval (RFC 8628 section 3.5).
    static let defaultInterval = 5
    /// The longest interval that is accepted from a server, in seconds. Some servers count milliseconds. One that wants fewer
    /// polls answers `slow_down`.
    private static let longestInterval = 60

    /// Seconds until the codes expire if the server does not say it. The polls tell when they have expired.
    private static let defaultLifetime = 1800

    /// Reads a complete answer. Refuses an address that is not https, because the user is going to open it.
    ///
    /// - Throws: `missingEndpoint` and `invalidEndpoint` with the member's name; errors of any answer.
    init(_ response: HTTPResponse, from endpoint: EndpointURL) throws(OAuthError) {
        let host = endpoint.host
        let answer = try TokenAnswer(granted: response, by: host)

        func text(_ member: String) throws(OAuthError) -> String {
            guard let text = try answer.string(member, host: host), !text.isEmpty
            else { throw .missingEndpoint(member: member) }
            return text
        }
        // Some servers write a code of digits as a number.
        if case .integer(let digits)? = answer.values("device_code").last {
            deviceCode = Secret(String(digits))
        } else {
            deviceCode = Secret(try text("device_code"))
        }
        if case .integer(let digits)? = answer.values("user_code").last {
            userCode = String(digits)
        } else {
            userCode = ServerText.printable(try text("user_code"))
            guard Self.isCode(userCode) else { throw .malformed(host: host, member: "user_code") }
        }
        // Google uses the second name. Its implementation is older than the RFC.
        let names = ["verification_uri", "verification_url"]
        let addresses = names.compactMap { answer.text($0) }
        let complete = ["verification_uri_complete", "verification_url_complete"].lazy
            .compactMap { answer.text($0) }.compactMap { Self.address($0, from: endpoint) }.first
        // The page with the code filled in does, too, if the server names no other.
        guard let address = addresses.lazy.compactMap({ Self.address($0, from: endpoint) }).first ?? complete
        else { throw addresses.isEmpty ? .missingEndpoint(member: names[0]) : .invalidEndpoint(member: names[0]) }
        verificationURI = address
        verificationURIComplete = complete
        let seconds = answer.number("expires_in").flatMap { $0 >= 1 ? $0 : nil } ?? Double(Self.defaultLifetime)
        expiresIn = Int(min(seconds, Double(TokenResponse.longestLifetime)))
        let pause = answer.number("interval").flatMap { $0 >= 1 ? $0 : nil } ?? Double(Self.defaultInterval)
        interval = Int(min(pause, Double(Self.longestInterval)))
    }

    /// Whether the text can be a code that a user types: letters and digits of ASCII in groups (RFC 8628 section 6.1). An
    /// address or a sentence beside the address of the page could lead the user to another one.
    private static func isCode(_ text: String) -> Bool {
        func isLetterOrDigit(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF)
        }
        let blanks = text.utf8.count { $0 == UInt8(ascii: " ") }
        return text.utf8.count <= 64 && blanks <= 1
            && text.utf8.allSatisfy { isLetterOrDigit($0) || "-_ ".utf8.contains($0) }
    }

    /// An address for the user. Without a scheme, as people write it, it is https; a path alone is one of the server.
    private static func address(_ text: String, from endpoint: EndpointURL) -> EndpointURL? {
        if let url = try? EndpointURL(text) { return url }
        guard !text.begins(with: "//"), text.firstRange(of: "://") == nil else { return nil }
        return try? EndpointURL(text.begins(with: "/") ? endpoint.origin + text : "https://" + text)
    }
}
