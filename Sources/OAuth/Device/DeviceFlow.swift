package import Addresses
import Secrets

/// A login on another device, for machines without a browser (RFC 8628).
///
/// The flow starts only if the user asked for it: phishing works with device codes that an attacker requested (BCP
/// 247).
package struct DeviceFlow: Sendable {
    private let parameters: AuthorizationParameters
    private let transport: any HTTPTransport
    private let pause: @Sendable (Duration) async throws -> Void

    /// The server's `expires_in` may be shorter than the deadline of `parameters`.
    package init(_ parameters: AuthorizationParameters, transport: any HTTPTransport) {
        self.init(parameters, transport: transport, pause: { try await Task.sleep(for: $0, clock: .continuous) })
    }

    /// - Parameter pause: waits between two polls; tests replace it to save time.
    init(
        _ parameters: AuthorizationParameters, transport: any HTTPTransport,
        pause: @escaping @Sendable (Duration) async throws -> Void
    ) {
        (self.parameters, self.transport, self.pause) = (parameters, transport, pause)
    }

    /// Requests a code, calls `check` and then `present` once with it, and polls until the user has decided.
    ///
    /// `check` decides whether the user may be sent to the server's address, and may remove parts of it. If it throws,
    /// nothing is shown and nothing is polled. `remark` receives each unexpected answer after which the polling goes on, but
    /// not the same one again. `present` runs in parallel with the polling and is cancelled at its end.
    ///
    /// - Throws: errors of `check` and `present`; `missingEndpoint` if the server has no device flow, `endpointFailed` if it
    ///   does not work;
    ///   `authorizationTimedOut` if the user did not finish in time; `codeExpired` if the server's time limit was
    ///   shorter; `refused` if the user declined.
    package func run(
        check: (inout PendingDeviceLogin) async throws -> Void = { _ in },
        remark: @escaping @Sendable (OAuthError) -> Void = { _ in },
        present: @escaping @Sendable (PendingDeviceLogin) async throws -> Void
    ) async throws -> TokenResponse {
        let authorization = try await authorize()
        let limit = min(parameters.deadline, .seconds(authorization.expiresIn))
        var shown = PendingDeviceLogin(
            userCode: authorization.userCode, address: authorization.verificationURI,
            completeAddress: authorization.verificationURIComplete,
            tokenServer: parameters.metadata.tokenServer(besides: authorization.verificationURI),
            deadline: ContinuousClock.now + limit)
        try await check(&shown)
        let pending = shown
        do {
            return try await LoginRace.run(until: pending.deadline, of: limit) {
                try await poll(authorization, remark: remark)
            } presenting: {
                try await present(pending)
            } finish: {
                $0
            }
        } catch OAuthError.authorizationTimedOut(let seconds) where limit < parameters.deadline {
            throw OAuthError.codeExpired(seconds: seconds)
        } catch {
            throw Task.isCancelled ? OAuthError.cancelled : error
        }
    }

    private static let member = "device_authorization_endpoint"

    /// Checks that the server has a device flow, and returns its endpoint.
    ///
    /// - Throws: `missingEndpoint`.
    @discardableResult
    package static func check(_ metadata: AuthorizationServerMetadata) throws(OAuthError) -> EndpointURL {
        guard let endpoint = metadata.deviceAuthorizationEndpoint else { throw .missingEndpoint(member: member) }
        return endpoint
    }

    private func authorize() async throws(OAuthError) -> DeviceAuthorization {
        let endpoint = try Self.check(parameters.metadata)
        var form = FormBody()
        if !parameters.scopes.isEmpty { form.append("scope", parameters.scopes.joined(separator: " ")) }
        form.append("resource", parameters.resource)
        form.append("audience", parameters.audience)
        for (name, value) in parameters.authentication { form.append(name, value) }
        do throws(OAuthError) {
            let (response, _) = try await transport.send(
                form, as: parameters.client, to: endpoint,
                supported: parameters.metadata.tokenEndpointAuthMethodsSupported)
            return try DeviceAuthorization(response, from: endpoint)
        } catch {
            if error.isOfProtocol || error == .cancelled { throw error }
            throw .endpointFailed(member: Self.member, at: endpoint.string, by: error)
        }
    }

    private func poll(
        _ authorization: DeviceAuthorization, remark: @Sendable (OAuthError) -> Void
    ) async throws -> TokenResponse {
        let endpoint = TokenEndpoint(
            url: parameters.metadata.tokenEndpoint, client: parameters.client,
            supported: parameters.metadata.tokenEndpointAuthMethodsSupported, transport: transport)
        var pace = PollingPace(interval: authorization.interval)
        var seconds = authorization.interval
        var lastRemark: OAuthError?
        while true {
            try await pause(.seconds(seconds))
            do throws(UnsuccessfulPoll) {
                return try await endpoint.poll(deviceCode: authorization.deviceCode, resource: parameters.resource)
            } catch {
                if error.code == "expired_token" { throw OAuthError.codeExpired(seconds: authorization.expiresIn) }
                seconds = try pace.pause(after: error)
                if !error.isExpected, error.error != lastRemark {
                    lastRemark = error.error
                    remark(error.error)
                }
            }
        }
    }
}
