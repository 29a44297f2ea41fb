import ArgumentParser
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

    @Option(help: "Which of several accounts at the service.", completion: .accounts)
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
            var grants = try composition.grants.all().filter { grant in
                guard let service = service?.url else { return true }
                let isOfService = (try? ServiceURL(grant.service))?.contains(service) ?? false
                return isOfService && (account == nil || grant.accountName?.isSame(as: account ?? "") == true)
            }
            // What the keyring has not taken yet is known by its account alone.
            if grants.isEmpty, let service, let meant = try await parts.accounts.account(for: service) {
                grants = try composition.grants.grant(account: meant.id).map { [$0] } ?? []
            }
            if grants.isEmpty { throw NotSignedIn(url: url) }
            for grant in grants {
                let account = try await parts.accounts.account(for: CredentialRequest(url: grant.service))
                let transports = composition.transports
                let outcome = try await composition.signOut.run(
                    grant, client: Self.client(of: grant, account), host: account?.provider,
                    transport: try account.map { transports.transport(for: $0) }
                        ?? transports.transport(forgottenServerOf: ServiceURL(grant.service)))
                Terminal.say(Words.loggedOut(grant, outcome))
            }
        }
    }

    /// The client that a grant was given to; its secret is the one that a person wrote down last.
    private static func client(of grant: Grant, _ account: Account?) -> Client {
        account?.client.flatMap { $0.id.isSame(as: grant.client.id) && $0.secret != nil ? $0 : nil } ?? grant.client
    }
}
