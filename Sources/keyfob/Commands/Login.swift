import ArgumentParser
import CredentialProtocol
import Glibc
import KernelKeyring
import KeyfobCore

struct Login: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Sign in to a service now.")

    @Argument(help: "The URL of the service.")
    var url: String

    @Option(help: "How to sign in: loopback, device or paste.")
    var flow: Account.Flow?

    @Option(help: "Which of several accounts at the service.")
    var account: String?

    @Option(name: .customLong("scope"), help: "A scope to ask for beside those configured; may be repeated.")
    var scopes: [String] = []

    @Flag(help: "Sign in anew even where there is a sign-in that still works.")
    var force = false

    func run() async throws {
        let composition = Composition(account: account, interaction: .always, readsStandardInput: true)
        try await composition.runWithTokens { accounts, tokens in
            var request = try CredentialRequest(url: url)
            request.scope = scopes
            guard let service = request.url else { throw NotAService(url: url) }
            guard var account = try await accounts.account(for: request) else {
                throw CredentialFailure.notConfigured(service: service)
            }
            account.flow = flow ?? account.flow
            let token =
                force || !scopes.isEmpty
                ? try await tokens.signInAnew(to: account) : try await tokens.token(of: account, for: request)
            Terminal.say("signed in to \(account.service)\(Self.until(token))")
        }
    }

    private static func until(_ token: CachedAccessToken) -> String {
        guard let expiresAt = token.expiresAt else { return "" }
        return ", the access token lasts \(Words.span(expiresAt - Int64(time(nil))))"
    }
}

extension Account.Flow: ExpressibleByArgument {}
