import Console
import CredentialProtocol
import Glibc
import KernelKeyring
import KeyfobCore
import OAuth

/// Checks the issuer of the service, and the grant and token of the last sign-in.
extension Examiner {
    func issuer() async throws -> Finding {
        guard let request, let parts = notes.read({ $0.parts }) else { return .ok("nobody was named") }
        let (account, finding): (Account, ServerFinder.Finding?)
        do {
            (account, finding) = try await parts.serviceApproval.accountByName(for: request, anew: false)
        } catch {
            return throughProxy(Finding(FailureReport(error)))
        }
        notes.note { $0.account = account }
        let setting = EffectiveSettings(for: account, as: host, found: finding).settings["issuer"]
        var details: [String: Finding.Detail] = [
            "service": .text(account.service.description), "issuer": .text(account.server.identifier),
        ]
        details["source"] = setting.map { .text($0.source.rawValue) }
        let source = setting.map { "  (\(EffectiveSettings.words($0)))" } ?? ""
        return .ok(account.server.identifier + source, details)
    }

    func metadata() async throws -> Finding {
        guard let account = notes.read({ $0.account }) else { return .ok("not looked for") }
        switch account.server {
        case .endpoints(let metadata):
            notes.note { $0.metadata = metadata }
            return .ok(account.provider.map { "not needed: keyfob knows \($0.name)" } ?? "not needed: written by hand")
        case .issuer(let issuer, _, _):
            do {
                let transport = composition.transports.transport(for: account)
                let metadata = try await Discovery(transport: transport).metadata(issuer: issuer)
                notes.note { $0.metadata = metadata }
                let foreign = try account.hostsToAgreeTo(at: metadata)
                if !foreign.isEmpty {
                    return .warning(
                        "its endpoints are on other hosts, to which you have not agreed: "
                            + foreign.map(Messages.printable).joined(separator: ", "),
                        mend: ["if you trust them, run in a terminal: \(Messages.login("--force", account.service))"])
                }
            } catch {
                return throughProxy(Finding(FailureReport(error)))
            }
            return .ok("they are there, and of this issuer")
        }
    }

    func pkce() throws -> Finding {
        guard let (account, metadata) = accountAndMetadata else { return .ok("not looked for") }
        try account.pkce.check(metadata)
        let isAnnounced = metadata.codeChallengeMethodsSupported?.contains("S256") == true
        return .ok(
            isAnnounced ? "the server announces S256" : "the server does not announce S256, which is assumed",
            ["announced": .truth(isAnnounced)])
    }

    func client() throws -> Finding {
        guard let (account, metadata) = accountAndMetadata else { return .ok("not looked for") }
        let issuer = metadata.issuer ?? account.server.identifier
        let stored = try? composition.registrations.own(issuer: issuer).first
        notes.note { $0.redirect = account.redirect ?? stored?.redirect }
        func kind(_ name: String) -> [String: Finding.Detail] { ["kind": .text(name)] }
        if account.client != nil {
            return .ok("one that you have registered", kind("own"))
        }
        if account.clientMetadataDocument != nil, metadata.clientIDMetadataDocumentSupported {
            return .ok("described by a document, which the server takes", kind("document"))
        }
        if let stored, !stored.isExpired(at: Int64(time(nil))) {
            return .ok("keyfob has registered itself", kind("registered"))
        }
        if metadata.registrationEndpoint != nil {
            return .ok("none yet: keyfob registers itself at the first sign-in", kind("none"))
        }
        throw CredentialFailure.clientNeeded(
            .init(
                service: account.service, issuer: issuer,
                page: account.provider?.registrationPage(for: account.service),
                redirectURI: (account.redirect ?? .loopback).uri(port: nil), scopes: account.scopes,
                notes: account.provider?.quirks ?? []))
    }

    private var accountAndMetadata: (Account, AuthorizationServerMetadata)? {
        notes.read { notes in notes.account.flatMap { account in notes.metadata.map { (account, $0) } } }
    }

    func redirect() async throws -> Finding {
        guard let account = notes.read({ $0.account }) else { return .ok("not looked for") }
        if let flow = account.flow, flow != .loopback { return .ok("not needed for the flow \(flow.rawValue)") }
        let template = account.redirect ?? notes.read { $0.redirect } ?? .loopback
        let port = try await template.bindablePort()
        let isFixed = template.ports.contains(port)
        return .ok(
            isFixed ? "port \(port) of \(template.host) is free" : "ports of \(template.host) can be listened on",
            ["redirect_uri": .text(template.uri(port: isFixed ? port : nil))])
    }

    func grant(for service: ServiceURL) throws -> Finding {
        guard let account = notes.read({ $0.account }) else { return .ok("not looked for") }
        guard let grant = try grant(of: account) else {
            return unsigned(account, because: .noGrant)
        }
        let age = Messages.span(Int64(time(nil)) - grant.grantedAt)
        let details: [String: Finding.Detail] = [
            "signed_in_at": .number(grant.grantedAt), "refreshable": .truth(grant.refreshToken != nil),
        ]
        if grant.endedAt != nil { return unsigned(account, because: .grantEnded) }
        notes.note { $0.grant = grant }
        if grant.refreshToken != nil { return .ok("signed in \(age) ago, refreshes by itself", details) }
        if grant.accessToken != nil { return .ok("signed in \(age) ago, with a token that does not expire", details) }
        return .warning(
            "signed in \(age) ago, without a refresh token: it ends with its access token",
            mend: ["add what the server wants for one to scopes, often offline_access"], details)
    }

    /// The finding if the user is not signed in. If the desktop asked a short while ago, it says when it may ask again.
    private func unsigned(_ account: Account, because reason: CredentialFailure.SignInReason) -> Finding {
        var finding = Finding(
            FailureReport(CredentialFailure.signInNeeded(service: account.service, because: reason)))
        let quiet = PromptCooldown.inKernelMemory(now: { Int64(time(nil)) }).left(account.id)
        if let quiet {
            finding.mend.append("the desktop has asked a short while ago, and asks again in \(Messages.span(quiet))")
        }
        return finding
    }

    /// The grant of `account`. If the account has no name, the grant of any named account at the service also counts.
    private func grant(of account: Account) throws -> Grant? {
        if let grant = try composition.grants.grant(account: account.id) { return grant }
        guard account.name == nil else { return nil }
        return try composition.grants.all().first { $0.service == account.service.description }
    }

    func token() -> Finding {
        let (account, grant) = notes.read { ($0.account, $0.grant) }
        guard let id = grant?.account ?? account?.id else { return .ok("not looked for") }
        if let token = composition.cache.token(account: id) {
            guard let end = token.expiresAt else { return .ok("in memory; the server did not say until when") }
            let left = end - Int64(time(nil))
            return .ok("in memory, for \(Messages.span(left))", ["expires_at": .number(end)])
        }
        guard let grant else { return .skipped(because: .grant, "none in memory") }
        if grant.refreshToken == nil, grant.accessToken == nil {
            return .failed(
                "none, and nothing to get one with", mend: ["run: keyfob login \(ShellWords.quoted(grant.service))"],
                exitStatus: 77)
        }
        return .ok("none in memory; the next question gets one")
    }

    func refresh() async throws -> Finding {
        guard let found = notes.read({ $0.account }), let grant = notes.read({ $0.grant }) else {
            return .ok("not looked for")
        }
        guard grant.refreshToken != nil else { return .ok("there is no refresh token to try") }
        var account = found
        account.name = grant.accountName
        // The transports of this examination have short timeouts, which could lose the response, so others are used.
        let composition = Composition(account: grant.accountName, interaction: .never)
        let token = try await composition.parts().tokens.refreshNow(account)
        await composition.transports.shutdown()
        guard let end = token.expiresAt else { return .ok("it works") }
        return .ok(
            "it works; the new access token lasts \(Messages.span(end - Int64(time(nil))))",
            ["expires_at": .number(end)])
    }
}
