import Addresses
import ArgumentParser
import Console
import CredentialProtocol
import Dialects
import Glibc
import Import
import KeyfobCore
import Processes
import SecretService

struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Copy passwords and tokens of other programs into your keyring.",
        discussion: """
            It first shows them without their secrets, and copies them after your yes. It does not change the data of \
            the other programs. At the end it says how to remove secrets in plain text. With `--from gcm` it also says \
            which settings of Git Credential Manager count for keyfob.
            """)

    @Option(
        name: .customLong("from"),
        help: "The program to import from; may be repeated. Default: all.")
    var keepers: [FoundCredential.Keeper] = []

    @Flag(name: .customLong("dry-run"), help: "Show the credentials and copy nothing.")
    var isDryRun = false

    @Flag(help: "Copy without asking.")
    var yes = false

    @Flag(help: "Also replace stored passwords that differ.")
    var replace = false

    func validate() throws {
        if isDryRun, yes || replace { throw ValidationError("--dry-run cannot be used with --yes or --replace.") }
    }

    func run() async throws {
        let composition = Composition(account: nil, interaction: isDryRun ? .never : nil)
        try await composition.runWithParts { parts in
            try Environment.requireHome()
            let moving = CredentialImport(items: composition.service, places: try places(), registry: registryRequest)
            let (found, repeats, problems) = try look(moving)
            let verdicts = try await moving.verdicts(on: found) { try await parts.accounts.account(for: $0) != nil }
            try show(found, verdicts)
            try sayWhatNeedsNothing()
            if keepers.contains(.manager) { try saySettings(parts.accounts) }
            let wanted = zip(found, verdicts).filter { $1 == .new || ($1 == .differs && replace) }.map(\.0)
            let isInMemory = composition.store.setting == .memory || composition.items.keyringIsMissing
            if !isDryRun, !wanted.isEmpty { try await copy(wanted, moving, isInMemory) }
            // What is in memory alone is lost at a restart.
            if !isInMemory { try sayHowToRemove(found + repeats, problems, moving) }
        }
    }

    /// The files of the other programs. Some of them are in git's settings.
    private func places() throws -> CredentialImport.Places {
        var places = CredentialImport.Places(variable: Environment.variable)
        if keepers.isEmpty || keepers.contains(.store) || keepers.contains(.manager) {
            places.add(variable: Environment.variable, settings: try git.credentialValues())
        }
        return places
    }

    /// The most problems to report one by one per program. A file with more is probably not what it seemed.
    private static let mostProblems = 10

    /// Reads all sources, and reports entries that cannot be imported.
    private func look(_ moving: CredentialImport) throws -> (
        found: [FoundCredential], repeats: [FoundCredential], problems: [Findings.Problem]
    ) {
        var (found, repeats): ([FoundCredential], [FoundCredential]) = ([], [])
        var all: [Findings.Problem] = []
        for keeper in keepers.isEmpty ? FoundCredential.Keeper.allCases : keepers {
            let findings = try moving.findings(of: keeper)
            // Those of a whole file come first.
            let problems =
                findings.problems.filter { $0.place.line == nil } + findings.problems.filter { $0.place.line != nil }
            for problem in problems.prefix(Self.mostProblems) {
                Terminal.say(ImportMessages.line(of: problem, with: keeper))
            }
            let rest = problems.dropFirst(Self.mostProblems)
            if let line = ImportMessages.line(ofRest: Array(rest), with: keeper) { Terminal.say(line) }
            found += findings.credentials
            repeats += findings.repeats
            all += findings.problems
        }
        return (found, repeats, all)
    }

    private func show(_ found: [FoundCredential], _ verdicts: [CredentialImport.Verdict]) throws {
        if found.isEmpty {
            Terminal.say(
                "none of these programs has stored credentials: "
                    + "\(ImportMessages.names(keepers))")
        }
        let rows = zip(found, verdicts).map { ImportMessages.row($0, $1, replaces: replace) }
        try StandardOutput.write(Array(ImportMessages.table(rows).utf8))
    }

    private func copy(
        _ wanted: [FoundCredential], _ moving: CredentialImport, _ isInMemory: Bool
    ) async throws {
        if !yes {
            guard Terminal.isThere else {
                throw NobodyAsked()
            }
            guard try await Terminal.confirms(ImportMessages.question(wanted.count)) else {
                return Terminal.say("nothing was copied")
            }
        }
        for credential in wanted { try moving.copy(credential) }
        Terminal.say(
            "copied \(ImportMessages.count(wanted.count)) into "
                + (isInMemory ? "kernel memory, which forgets them at a restart; keep the files" : "your keyring"))
    }

    /// Names the programs whose data keyfob already shares.
    private func sayWhatNeedsNothing() throws {
        guard keepers.isEmpty else { return }
        Terminal.say("git-credential-libsecret: keyfob uses its items, so they need no copy")
        for service in try git.servicesWithClients() {
            Terminal.say("git-credential-oauth: its settings for \(Messages.address(service)) stay valid")
        }
    }

    /// Names the settings of Git Credential Manager in git's configuration, and whether they count.
    private func saySettings(_ accounts: AccountDirectory) throws {
        let git = git
        let settings = ManagerSettings(
            isConfigured: { try accounts.configuredAccount(for: CredentialRequest(url: $0.description)) != nil },
            settings: { try git.settings(at: $0) })
        for setting in try settings.all(among: git.credentialSettings()) {
            Terminal.say(ImportMessages.line(of: setting))
        }
    }

    private var git: GitConfigCommand {
        GitConfigCommand(
            search: ExecutableSearch(path: Environment.variable("PATH")), environment: Environment.environment)
    }

    private func sayHowToRemove(
        _ found: [FoundCredential], _ problems: [Findings.Problem], _ moving: CredentialImport
    ) throws {
        let inFiles = found.filter { $0.place.file != nil }
        let onlyThere = try moving.onlyThere(inFiles)
        for hint in ImportMessages.removal(of: inFiles, onlyThere: onlyThere, problems) { Terminal.hint(hint) }
    }

    /// A registry as docker writes it.
    @Sendable private func registryRequest(_ name: String) -> CredentialRequest? {
        try? CredentialRequest(registry: name)
    }
}

/// There is no terminal on which keyfob could ask whether to copy.
struct NobodyAsked: Error {}

extension FoundCredential.Keeper: ExpressibleByArgument {
    /// `gcm` is short for Git Credential Manager.
    init?(argument: String) {
        self.init(rawValue: argument == "gcm" ? Self.manager.rawValue : argument)
    }
}
