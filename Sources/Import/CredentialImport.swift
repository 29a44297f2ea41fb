package import CredentialProtocol
package import KeyfobCore
package import SecretService
import Secrets

/// Finds the credentials that other programs keep for this user, and copies them to the stored passwords after the user
/// agrees. The other programs' own copies stay unchanged.
package struct CredentialImport: Sendable {
    let items: any ItemStore
    let places: Places
    let registry: @Sendable (String) -> CredentialRequest?

    /// The files of the other programs.
    package struct Places: Sendable {
        /// The files of git-credential-store, in the order in which it reads them.
        package var store: [String]
        /// The directory of Git Credential Manager's store in plain text.
        package var managerFiles: String
        /// The store that Git Credential Manager is set to.
        package var managerStore: String?
        /// gh's `hosts.yml`.
        package var gh: String
        /// The file of docker, then those of podman and similar tools.
        package var docker: [String]

        /// - Parameter variable: the environment (git-credential-store(1); gh help environment; docker's own variables
        ///   and containers-auth.json(5)).
        package init(variable: (String) -> String?) {
            let home = variable("HOME") ?? ""
            func absolute(_ name: String) -> String? { variable(name).flatMap { $0.hasPrefix("/") ? $0 : nil } }
            let settings = absolute("XDG_CONFIG_HOME") ?? home + "/.config"
            store = [home + "/.git-credentials", settings + "/git/credentials"]
            managerFiles = absolute("GCM_PLAINTEXT_STORE_PATH") ?? home + "/.gcm/store"
            managerStore = variable("GCM_CREDENTIAL_STORE")
            gh = (absolute("GH_CONFIG_DIR") ?? settings + "/gh") + "/hosts.yml"
            docker = [(absolute("DOCKER_CONFIG") ?? home + "/.docker") + "/config.json"]
            let session = absolute("XDG_RUNTIME_DIR").map { [$0 + "/containers/auth.json"] } ?? []
            docker += absolute("REGISTRY_AUTH_FILE").map { [$0] } ?? session + [settings + "/containers/auth.json"]
        }

        /// Adds what git's settings say. Variables have priority over settings.
        ///
        /// - Parameter settings: names and values in git's order; the last word of a name is in lower case.
        package mutating func add(
            variable: (String) -> String?, settings: [(name: String, value: String)]
        ) {
            let home = variable("HOME") ?? ""
            func last(_ name: String) -> String? { settings.last { $0.name == name }?.value }
            let helpers = settings.filter { $0.name.hasPrefix("credential.") && $0.name.hasSuffix("helper") }
            for file in StoreHelpers.files(in: helpers.map(\.value), home: home) where !store.contains(file) {
                store.append(file)
            }
            if variable("GCM_PLAINTEXT_STORE_PATH")?.isEmpty != false,
                let path = last("credential.plaintextstorepath"), !path.isEmpty
            {
                managerFiles = path.hasPrefix("~/") ? home + path.dropFirst() : path
            }
            if managerStore?.isEmpty != false { managerStore = last("credential.credentialstore") }
        }
    }

    /// - Parameter registry: returns the request for a registry as docker writes it.
    package init(
        items: some ItemStore, places: Places, registry: @escaping @Sendable (String) -> CredentialRequest?
    ) {
        (self.items, self.places, self.registry) = (items, places, registry)
    }

    /// All credentials that a program keeps.
    package func findings(of keeper: FoundCredential.Keeper) throws(SecretServiceError) -> Findings {
        var findings = Findings()
        switch keeper {
        case .store:
            for file in places.store {
                guard file.hasPrefix("/") else {
                    findings.note(.notTrusted("not an absolute path"), at: .init(file: file))
                    continue
                }
                guard let bytes = CredentialFile.read(file, &findings) else { continue }
                PlaintextStore.read(bytes, file: file, &findings)
            }
        case .manager:
            try KeyringFindings(items: items).manager(&findings)
            for file in ManagerFiles.files(in: places.managerFiles) {
                guard let bytes = CredentialFile.read(file, &findings) else { continue }
                ManagerFiles.read(bytes, file: file, &findings)
            }
            if let store = places.managerStore, ["gpg", "cache"].contains(store.lowercased()) {
                findings.note(.storeNotRead(store), at: .init(file: nil))
            }
        case .gh: try gh(&findings)
        case .docker:
            for file in places.docker {
                guard let bytes = CredentialFile.read(file, &findings) else { continue }
                DockerLogins.read(bytes, file: file, registry: registry, &findings)
            }
        }
        return findings
    }

    private func gh(_ findings: inout Findings) throws(SecretServiceError) {
        guard let bytes = CredentialFile.read(places.gh, &findings) else { return }
        let read = GitHubHosts(bytes)
        for line in read.oddLines {
            findings.note(
                .malformed("what gh writes: names and words, indented by spaces"),
                at: .init(file: places.gh, line: line))
        }
        for host in read.hosts {
            for user in host.users { try gh(host, user, &findings) }
        }
    }

    private func gh(
        _ host: GitHubHosts.Host, _ user: GitHubHosts.User, _ findings: inout Findings
    ) throws(SecretServiceError) {
        let place: FoundCredential.Place
        let token: Secret
        if let written = user.token {
            (token, place) = (Secret(written), .init(file: places.gh, line: user.line))
        } else if let kept = try KeyringFindings(items: items).gh(host: host.name, user: user.name) {
            (token, place) = (kept, .init(file: nil))
        } else {
            return  // signed out since
        }
        // If the owner of a token is not known: GitHub accepts this name with any token.
        let request = CredentialRequest(
            found: Array("https://\(host.name)".utf8), username: user.name ?? "x-access-token", password: token)
        guard let request else {
            return findings.note(.malformed("a host, a user and a token"), at: place)
        }
        findings.add(FoundCredential(keeper: .gh, kind: .token, request: request, place: place))
    }
}

extension CredentialImport {
    /// The result that a copy would have.
    package enum Verdict: Sendable, Equatable {
        case new
        /// The same password is already stored.
        case same
        /// Another password is stored for the same service and user, or an earlier entry would store one.
        case differs
        /// keyfob signs in at this service, and would never use a password.
        case signsIn
    }

    /// The result that copying each of them would have, one after the other.
    ///
    /// - Parameter signsIn: whether a service has an account.
    package func verdicts(
        on found: [FoundCredential], signsIn: (CredentialRequest) async throws -> Bool
    ) async throws -> [Verdict] {
        let passwords = PasswordStore(items: items)
        var verdicts: [Verdict] = []
        var copied: [PasswordStore.Place?: Secret] = [:]
        for credential in found {
            let place = PasswordStore.Place(credential.request)
            if try await signsIn(credential.request) {
                verdicts.append(.signsIn)
            } else if let kept = try copied[place] ?? passwords.kept(for: credential.request) {
                verdicts.append(kept == credential.request.password ? .same : .differs)
            } else {
                verdicts.append(.new)
                copied[place] = credential.request.password
            }
        }
        return verdicts
    }

    /// Those of the credentials whose secret is not in the stored passwords now. Each place is looked up once: a file may have
    /// thousands of lines for one service.
    package func onlyThere(_ found: [FoundCredential]) throws(SecretServiceError) -> [FoundCredential] {
        let passwords = PasswordStore(items: items)
        var kept: [PasswordStore.Place: Secret?] = [:]
        var only: [FoundCredential] = []
        for credential in found {
            guard let place = PasswordStore.Place(credential.request) else { continue }
            let secret: Secret?
            if let known = kept[place] { secret = known } else { secret = try passwords.kept(for: credential.request) }
            kept[place] = .some(secret)
            if secret == nil || secret != credential.request.password { only.append(credential) }
        }
        return only
    }

    /// Copies one credential to the stored passwords and replaces any password there.
    package func copy(_ found: FoundCredential) throws(SecretServiceError) {
        try PasswordStore(items: items).store(found.request)
    }
}
