import Addresses
import ArgumentParser
import Console
import CredentialProtocol
import KeyfobCore

struct Logout: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Revoke the tokens of a service at its authorization server, and delete them here.")

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
        let composition = Composition(
            account: account, interaction: Interaction.ofOwnCommand, seesEverything: true, isVerbose: verbosity.isOn)
        try await composition.runWithParts(about: url, options: HintedCommand.option("--account", account)) { parts in
            let logout = composition.logout(parts)
            let grants = try await logout.grants(for: try url.map { try CredentialRequest(url: $0) }, account: account)
            if !all { try await confirm(grants) }
            var keptApproval: ConfigurationError?
            for grant in grants {
                let outcome = try await logout.end(grant)
                Terminal.say(Messages.loggedOut(grant, outcome))
                keptApproval = keptApproval ?? outcome.keptApproval
            }
            let clients = all ? try composition.signOut.forgetPersonsClients() : []
            for client in clients { Terminal.say(Messages.forgotClient(client)) }
            if grants.isEmpty, clients.isEmpty {
                throw NotSignedIn(url: url, account: account, mayHaveMore: composition.grants.mayHaveMore)
            }
            if let keptApproval { throw keptApproval }
        }
    }

    /// Asks on a terminal before several sign-ins end.
    private func confirm(_ grants: [Grant]) async throws {
        guard grants.count > 1, Terminal.isThere, let service = try grants.first.map({ try ServiceURL($0.service) })
        else { return }
        let names = grants.map { $0.accountName ?? $0.label ?? $0.issuer ?? $0.tokenEndpoint }.sorted()
        guard try await Terminal.confirms(Messages.endsAll(names, of: service.description)) else {
            throw CredentialFailure.whichAccount(service: service, names: names)
        }
    }
}
