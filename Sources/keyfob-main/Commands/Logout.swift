import Addresses
import ArgumentParser
import Console
import CredentialProtocol
import KeyfobCore
import SecretService

struct Logout: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout",
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
            let (grants, unseen) = try await grants(logout)
            if !all { try await confirm(grants) }
            var keptApproval: ConfigurationError?
            for grant in grants {
                let outcome = try await logout.end(grant)
                Terminal.say(Messages.loggedOut(grant, outcome))
                keptApproval = keptApproval ?? outcome.keptApproval
            }
            if let unseen {
                var report = Report(unseen).withoutAdviceToSignIn()
                report.message = Messages.unseen(report.message)
                throw report
            }
            let clients = all ? try composition.signOut.forgetPersonsClients() : []
            for client in clients { Terminal.say(Messages.forgotClient(client)) }
            if grants.isEmpty, account == nil, let service = try forgetApproval(logout) {
                return Terminal.say(Messages.forgotApproval(service))
            }
            if grants.isEmpty, clients.isEmpty {
                let request = try url.map { try CredentialRequest(url: $0) }
                throw NotSignedIn(
                    url: request?.url?.description ?? url, account: account ?? request?.username,
                    mayHaveMore: composition.grants.mayHaveMore,
                    fileOfApproval: request.flatMap(logout.fileOfApproval))
            }
            if let keptApproval { throw keptApproval }
            if composition.grants.mayHaveMore, let request = try url.map({ try CredentialRequest(url: $0) }),
                let file = logout.fileOfApproval(for: request), composition.signOut.hasNoKeyring == false
            {
                Terminal.hint(Messages.onlyMemory)
                Terminal.hint(Messages.forgetApproval(in: file))
            }
        }
    }

    /// The sign-ins to end. Without a Secret Service, a new sign-in elsewhere would not help.
    private func grants(
        _ logout: KeyfobCore.Logout
    ) async throws -> (grants: [Grant], unseen: SecretServiceError?) {
        do {
            return try await logout.grants(for: try url.map { try CredentialRequest(url: $0) }, account: account)
        } catch let error as SecretServiceError {
            throw Report(error, about: url).withoutAdviceToSignIn()
        }
    }

    private func forgetApproval(_ logout: KeyfobCore.Logout) throws -> ServiceURL? {
        try url.flatMap { try logout.forgetApproval(for: try CredentialRequest(url: $0)) }
    }

    /// Asks on a terminal before several sign-ins end.
    private func confirm(_ grants: [Grant]) async throws {
        guard grants.count > 1, Terminal.isThere, let service = try grants.first.map({ try ServiceURL($0.service) })
        else { return }
        let all = grants.compactMap { $0.accountName ?? $0.label }
        let names = all.sortedOnce
        let question = Messages.endsAll(names, hasUnnamed: all.count < grants.count, of: service.description)
        guard try await Terminal.confirms(question) else {
            throw CredentialFailure.whichAccount(service: service, names: names)
        }
    }
}
