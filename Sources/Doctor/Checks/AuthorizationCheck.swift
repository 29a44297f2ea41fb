import Addresses
import Console
import KeyfobCore
import OAuth
import Secrets

/// The authorization server does not refuse the request with which a sign-in begins. An error there would be on a page of
/// the server, and the browser would never come back.
struct AuthorizationCheck: Check {
    let id = "authorization"
    let needs = ["metadata", "pkce", "client", "redirect"]
    let limit = Duration.seconds(5)
    let condition = CheckCondition.service

    func look(_ context: CheckContext) async throws -> Finding {
        guard let (account, metadata) = context.accountAndMetadata else { return .nothingToCheck }
        if account.flow == .device { return .ok("not needed for the flow device") }
        if account.flow == nil, !context.parts.hasBrowser, metadata.deviceAuthorizationEndpoint != nil {
            return .ok("not needed: without a browser, you sign in at another device")
        }
        guard try account.hostsToAgreeTo(at: metadata).isEmpty else {
            return .skipped(because: "metadata", "not tried: you have not agreed to the hosts of this server")
        }
        guard let client = account.client ?? context.notes.read({ $0.client }) else {
            return .ok("not tried: keyfob registers itself at the first sign-in")
        }
        if metadata.isForDevicesAlone { return .ok("not tried: the server offers the device flow and no other") }
        if metadata.requiresPushedAuthorizationRequests {
            return .ok("not tried: the server takes only pushed requests")
        }
        let redirect = account.redirect ?? context.notes.read { $0.redirect } ?? .loopback
        let trial = AuthorizationTrial(
            account.withOfflineAccess(at: metadata).parameters(at: metadata, client: client, redirect: redirect),
            port: account.flow == .paste ? nil : try await redirect.bindablePort())
        do {
            let host = metadata.authorizationEndpoint.host
            return Self.finding(try await trial.send(by: context.parts.transport(for: account)), trial, host, account)
        } catch {
            return context.failedRequest(error)
        }
    }

    /// - Parameter host: of the authorization endpoint.
    static func finding(
        _ answer: AuthorizationTrial.Answer, _ trial: AuthorizationTrial, _ host: String, _ account: Account
    ) -> Finding {
        switch answer {
        case .comesBack: return .ok("\(host) accepts the client, the redirect URI and the scopes")
        case .continues(let next):
            return .ok("\(host) first sends the browser to a page of \(Printable.text(next)); it may refuse later")
        case .page(let title):
            return .ok("\(host) shows a page" + (title.map { ": \"\($0)\"" } ?? "") + "; it may refuse later")
        case .refuses(let status, let error, let description):
            let said = [error, description.map { "\"\($0)\"" }].compactMap { $0 }.joined(separator: ", ")
            let summary = "\(host) refuses the request (HTTP \(status))" + (said.isEmpty ? "" : ": " + said)
            let hints = sent(trial) + [mend(error, account)].compactMap { $0 }
            // Other statuses may be about a request without a browser or cookies.
            guard error != nil || [400, 404, 422].contains(status) else { return .warning(summary, hints: hints) }
            return .failed(summary, hints: hints, exitStatus: status >= 500 ? 75 : 78)
        }
    }

    private static func sent(_ trial: AuthorizationTrial) -> [String] {
        let scopes = trial.scopes.isEmpty ? "no scopes" : "the scopes " + trial.scopes.joined(separator: " ")
        return [
            Printable.text("keyfob sent the client id \(trial.clientID), the redirect URI \(trial.redirectURI), ")
                + Printable.text(scopes)
        ]
    }

    private static func mend(_ error: String?, _ account: Account) -> String? {
        if error == "invalid_scope" {
            return "set scopes that the server knows for \(HintedCommand.entry(account.service)) in the configuration"
        }
        if account.client == nil, error != "access_denied" {
            return "if the server does not know them, run: \(Messages.login("--register", account.service))"
        }
        return "compare them with the registration at the server; to see which settings count, run: "
            + Messages.command("config", account.service)
    }
}
