import Addresses
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
    /// The longest interval that is accepted from a server, in seconds.
    private static let longestInterval = 300

    /// Seconds until the codes expire if the server does not say it. The polls tell when they have expired.
    private static let defaultLifetime = 1800

    /// Reads a complete answer. Refuses an address that is not https, because the user is going to open it.
    init(_ response: HTTPResponse, from host: String) throws(OAuthError) {
        let answer = try TokenAnswer(granted: response, by: host)

        func text(_ member: String) throws(OAuthError) -> String {
            guard let text = try answer.string(member, host: host), !text.isEmpty
            else { throw .missingEndpoint(member: member) }
            return text
        }
        deviceCode = Secret(try text("device_code"))
        userCode = ServerText.printable(try text("user_code"))
        // Google uses the second name. Its implementation is older than the RFC.
        let names = ["verification_uri", "verification_url"]
        guard let address = names.lazy.compactMap({ try? EndpointURL(try text($0)) }).first
        else { throw .invalidEndpoint(member: "verification_uri") }
        verificationURI = address
        verificationURIComplete = (try? answer.string("verification_uri_complete", host: host))
            .flatMap { try? EndpointURL($0) }
        let seconds = answer.number("expires_in").flatMap { $0 >= 1 ? $0 : nil } ?? Double(Self.defaultLifetime)
        expiresIn = Int(min(seconds, Double(TokenResponse.longestLifetime)))
        let pause = answer.number("interval").flatMap { $0 >= 1 ? $0 : nil } ?? Double(Self.defaultInterval)
        interval = Int(min(pause, Double(Self.longestInterval)))
    }
}
