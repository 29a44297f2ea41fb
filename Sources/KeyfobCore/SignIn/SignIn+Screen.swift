import Addresses
package import KernelKeyring
package import OAuth

extension SignIn {
    /// The user interface of a sign-in: one function for each way to sign in. The end of the sign-in cancels it.
    package struct Screen: Sendable {
        /// Says where to go, opens the browser there if keyfob listens for it, and reads what the user pastes.
        package var browser: @Sendable (Account, PendingLogin) async throws -> Void
        /// Shows the code and where to type it.
        package var device: @Sendable (Account, PendingDeviceLogin) async throws -> Void
        /// Says what came instead of an answer, while the sign-in goes on.
        package var remark: @Sendable (OAuthError) -> Void
        /// Asks, after a failed sign-in, whether to register keyfob again at that server and to repeat the sign-in.
        package var asksToRegister: @Sendable (Account, _ server: String) async throws -> Bool
        /// Asks whether other hosts than the issuer's own may take part in the sign-in. Any answer but yes means no.
        package var agreesToHosts: @Sendable (Account, _ issuer: String, OtherHosts) async throws -> Bool
        /// Says who is signed in, after the grant is stored.
        package var signedIn: @Sendable (Account, Grant, CachedAccessToken) -> Void
        /// Says, before a token is given, that the server has granted other scopes than these that were requested.
        package var grantedOtherScopes: @Sendable (Account, _ requested: [String], _ others: [String]) -> Void

        package init(
            browser: @escaping @Sendable (Account, PendingLogin) async throws -> Void,
            device: @escaping @Sendable (Account, PendingDeviceLogin) async throws -> Void,
            remark: @escaping @Sendable (OAuthError) -> Void = { _ in },
            asksToRegister: @escaping @Sendable (Account, _ server: String) async throws -> Bool = { _, _ in false },
            agreesToHosts: @escaping @Sendable (Account, _ issuer: String, OtherHosts) async throws -> Bool = {
                _, _, _ in false
            },
            signedIn: @escaping @Sendable (Account, Grant, CachedAccessToken) -> Void = { _, _, _ in },
            grantedOtherScopes: @escaping @Sendable (Account, _ requested: [String], _ others: [String]) -> Void = {
                _, _, _ in
            }
        ) {
            self.browser = browser
            self.device = device
            self.remark = remark
            self.asksToRegister = asksToRegister
            self.agreesToHosts = agreesToHosts
            self.signedIn = signedIn
            self.grantedOtherScopes = grantedOtherScopes
        }
    }

    /// The place of the user: at this machine, or at another one over ssh.
    package struct Place: Sendable {
        /// Whether a browser can be opened on this machine.
        package var hasBrowser: Bool
        /// Whether the user came by ssh, so that their own browser can be led here (`ssh -L`).
        package var isRemote: Bool

        package init(hasBrowser: Bool, isRemote: Bool) {
            self.hasBrowser = hasBrowser
            self.isRemote = isRemote
        }

        /// The account's flow. If it has none: the browser, or another device if this machine has no browser and the user
        /// sits at it. keyfob does not begin the device flow (RFC 8628) unasked if there is a browser.
        func flow(for account: Account, at metadata: AuthorizationServerMetadata) -> Account.Flow {
            if let flow = account.flow { return flow }
            if metadata.isForDevicesAlone { return .device }
            let offersDevice = metadata.deviceAuthorizationEndpoint != nil
            return !hasBrowser && !isRemote && offersDevice ? .device : .loopback
        }
    }
}

extension SignIn.Screen {
    /// Asks the user about every host that is not the issuer's own, and returns the account with those hosts.
    ///
    /// - Parameters:
    ///   - pages: where the user would sign in or type a code.
    ///   - others: where keyfob would send codes and secrets.
    /// - Throws: ``CredentialFailure/foreignHosts(service:account:issuer:hosts:)`` without a yes.
    func agreement(
        of account: Account, pages: [EndpointURL], others: [EndpointURL] = [], at metadata: AuthorizationServerMetadata
    ) async throws -> Account {
        let issuer = metadata.issuer ?? account.server.identifier
        let allowed = try EndpointHosts(of: account, issuer: metadata.issuer)
        let hosts = OtherHosts(pages: allowed.foreign(among: pages), receivers: allowed.foreign(among: others))
        guard !hosts.all.isEmpty else { return account }
        guard try await agreesToHosts(account, issuer, hosts) else {
            throw CredentialFailure.foreignHosts(
                service: account.service, account: account.name, issuer: issuer, hosts: hosts)
        }
        var agreed = account
        agreed.endpointHosts += hosts.all
        return agreed
    }
}
