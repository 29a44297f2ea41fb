import ArgumentParser
import Console
import CredentialProtocol
import FoundationEssentials
import Glibc
import KernelKeyring
import KeyfobCore
import OAuth

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show your sign-ins, their servers, and when they "
            + "expire.")

    @Flag(help: "Print one JSON array instead of text for people.")
    var json = false

    @OptionGroup var verbosity: Verbosity

    func run() async throws {
        let composition = Composition(
            account: nil, interaction: Interaction.ofOwnCommand, seesEverything: true, isVerbose: verbosity.isOn)
        try await composition.runWithParts { parts in
            let life = KernelItems().lifetime
            let (grants, unseen) = try composition.grants.allInSight()
            let entries = grants.map { grant, isInKernel in
                Entry(grant, composition.cache.token(account: grant.account), life: isInKernel ? life : nil)
            }
            let isWhole = unseen == nil && !(entries.isEmpty && composition.grants.mayHaveMore)
            try StandardOutput.write(json ? JSONText.bytes(entries) : Self.lines(entries, isWhole: isWhole))
            for service in Set(grants.map(\.grant.service)).sorted() {
                // What cannot be read is the matter of `keyfob doctor`.
                guard let request = try? CredentialRequest(url: service),
                    (try? await isUnused(request, parts.accounts)) == true
                else { continue }
                Terminal.say(Messages.unused(service))
            }
            if let unseen {
                let report = Report(unseen).withoutAdviceToSignIn()
                Terminal.say(Messages.unseen(report.message))
                for hint in report.hints { Terminal.hint(hint) }
            } else if !isWhole {
                Terminal.say(Messages.onlyMemory)
            }
        }
    }

    private func isUnused(_ request: CredentialRequest, _ accounts: AccountDirectory) async throws -> Bool {
        try await accounts.account(for: request) == nil
    }

    /// The data about a grant in the output, without secrets.
    struct Entry: Encodable {
        var service: String
        var account: String?
        var label: String?
        var issuer: String
        var clientID: String
        var scopes: [String]
        var signedInAt: Int64
        var refreshable: Bool
        var accessTokenExpiresAt: Int64?
        var endedAt: Int64?
        /// Whether there is an access token without a known expiry: in memory, or as the grant itself.
        var hasEndlessToken: Bool
        var store: StoreSetting
        /// In seconds; nil if no such time limits the sign-in.
        var forgottenAfterUnused: Int?
        /// How long kernel memory keeps the sign-in; nil if it is in the Secret Service.
        var life: KernelItems.Lifetime?

        enum CodingKeys: String, CodingKey {
            case service, account, label, issuer, scopes, refreshable, store
            case forgottenAfterUnused = "forgotten_after_unused"
            case clientID = "client_id"
            case signedInAt = "signed_in_at"
            case accessTokenExpiresAt = "access_token_expires_at"
            case endedAt = "ended_at"
        }

        init(_ grant: Grant, _ cached: CachedAccessToken?, life: KernelItems.Lifetime?) {
            (self.life, store) = (life, life == nil ? .keyring : .memory)
            if case .sinceLastUse(let seconds) = life { forgottenAfterUnused = seconds }
            service = grant.service
            account = grant.accountName
            issuer = grant.issuer ?? grant.tokenEndpoint
            clientID = grant.client.id
            scopes = grant.scopes
            signedInAt = grant.grantedAt
            refreshable = grant.refreshToken != nil
            accessTokenExpiresAt = cached?.expiresAt
            // A token of unknown lifetime that no caller gets any more may have expired.
            hasEndlessToken =
                grant.accessToken != nil
                || cached.map { $0.expiresAt == nil && $0.isFresh(at: Int64(time(nil))) } == true
            label = grant.label
            endedAt = grant.endedAt
        }
    }

    /// - Parameter isWhole: whether there can be no other sign-ins.
    private static func lines(_ entries: [Entry], isWhole: Bool) -> [UInt8] {
        guard !entries.isEmpty else {
            return Array("not signed in anywhere\(isWhole ? "" : " that keyfob can see")\n".utf8)
        }
        let now = Int64(time(nil))
        return Array(entries.map { Messages.status($0, now: now) }.joined().utf8)
    }
}
