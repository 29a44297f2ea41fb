import ArgumentParser
import Console
import CredentialProtocol
import KeyfobCore
import OAuth
import Secrets

struct Logout: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Revoke the tokens of a service at its authorization server, and forget them.")

    @Argument(help: "The URL of the service.", completion: .services)
    var url: String?

    @Flag(help: "Log out of every service.")
    var all = false

    @Option(help: "Which of your accounts at the service.", completion: .accounts)
    var account: String?

    @OptionGroup var verbosity: Verbosity

    func validate() throws {
        guard all != (url != nil) else { throw ValidationError("Give a URL, or --all.") }
    }

    func run() async throws {
        let composition = Composition(account: account, interaction: .never, isVerbose: verbosity.isOn)
        try await composition.runWithParts { parts in
            let service = try url.map { try CredentialRequest(url: $0) }
            let account = account ?? service?.username
            let every = try composition.grants.all()
            var grants = service.map { Self.meant(by: $0, account, of: every) } ?? every
            // A grant that the keyring has not stored yet is only found by its account.
            if grants.isEmpty, let service, let meant = try await parts.accounts.account(for: service) {
                grants = try composition.grants.grant(account: meant.id).map { [$0] } ?? []
            }
            let forgotten = all && grants.isEmpty ? try forgetClients(composition) : 0
            if grants.isEmpty, forgotten == 0 { throw NotSignedIn(url: url) }
            var keptApproval: ConfigurationError?
            for grant in grants {
                let outcome = try await logOut(of: grant, composition, parts)
                Terminal.say(Messages.loggedOut(grant, outcome))
                keptApproval = keptApproval ?? outcome.keptApproval
            }
            if all, !grants.isEmpty { _ = try forgetClients(composition) }
            if let keptApproval { throw keptApproval }
        }
    }

    /// The grants for `service`: those of the longest service URL that contains it, as in every other command.
    private static func meant(by request: CredentialRequest, _ account: String?, of all: [Grant]) -> [Grant] {
        guard let service = request.url else { return all }
        let around = all.compactMap { grant in (try? ServiceURL(grant.service)).map { ($0, grant) } }
            .filter { $0.0.contains(service) }
        return around.filter { candidate, grant in
            !around.contains { $0.0 != candidate && candidate.contains($0.0) }
                && (account == nil || grant.accountName?.isSame(as: account ?? "") == true)
        }.map(\.1)
    }

    private func logOut(
        of grant: Grant, _ composition: Composition, _ parts: Composition.Parts
    ) async throws -> SignOut.Outcome {
        let account = try await parts.accounts.account(for: CredentialRequest(url: grant.service))
        let transports = composition.transports
        return try await composition.signOut.run(
            grant, client: Self.client(of: grant, account), host: account?.provider,
            transport: try account.map { transports.transport(for: $0) }
                ?? transports.transport(forgottenServerOf: ServiceURL(grant.service)))
    }

    /// Returns the number of forgotten clients.
    private func forgetClients(_ composition: Composition) throws -> Int {
        let clients = try composition.signOut.forgetPersonsClients()
        for client in clients { Terminal.say(Messages.forgotClient(client)) }
        return clients.count
    }

    /// The client of a grant, with the secret that the user configured last.
    private static func client(of grant: Grant, _ account: Account?) -> Client {
        account?.client.flatMap { $0.id.isSame(as: grant.client.id) && $0.secret != nil ? $0 : nil } ?? grant.client
    }
}
