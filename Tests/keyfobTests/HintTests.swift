import Addresses
import ArgumentParser
import CredentialProtocol
import OAuth
import SecretService
import Setup
import Testing

@testable import KeyfobCore
@testable import keyfob_main

/// The hints of all reports, read by the parser of the command line.
@Suite struct `Every hint` {
    private static let service = "https://git.example.com/(x)"
    private static let reasons: [CredentialFailure.SignInReason] = [
        .noGrant, .otherUser(named: "bob", signedIn: ["alice"]), .otherUser(named: "bob", signedIn: []),
        .grantRefused(description: nil), .refreshRefused(by: refused), .answerLost, .scopesMissing(["a", "b"]), .stepUp,
        .grantEnded, .clientForgotten, .noRefreshToken(scopes: []), .resourceRefused("https://git.example.com/"),
    ]
    private static let refused = refusal("invalid_grant")

    private static func refusal(_ error: String) -> OAuthError {
        .refused(host: "h", status: 400, error: error, description: nil)
    }

    /// One failure of each kind. The switch makes the compiler ask for a new case here.
    private static func failures(after last: CredentialFailure?, _ url: ServiceURL) -> CredentialFailure? {
        switch last {
        case nil: .signInNeeded(service: url, account: "my name", because: .noGrant)
        case .signInNeeded: .notNow(service: url, because: .dismissed)
        case .notNow: .refreshFailed(service: url, account: "a", by: .cancelled)
        case .refreshFailed: .signInRefused(service: url)
        case .signInRefused: .declinedElsewhere(service: url, account: "a", .unanswered)
        case .declinedElsewhere: .codeSpent(service: url, account: "a", by: refused, hasSecret: true)
        case .codeSpent: .scopesNeeded(service: url, scopes: ["a", "-b"], by: refused)
        case .scopesNeeded: .anotherAccount(service: url, asked: "a", given: "b c")
        case .anotherAccount: .busy(service: url, seconds: 9)
        case .busy: .notConfigured(service: url)
        case .notConfigured:
            .serverNotFound(
                service: url,
                by: .metadataNotFound(
                    issuer: "https://a.example",
                    answers: [
                        MetadataAnswer(
                            location: "https://a.example/.well-known/openid-configuration",
                            answer: .failure(.unavailable(host: "a.example", status: 500, retryAfter: nil)))
                    ]))
        case .serverNotFound:
            .registrationNotSaved(
                service: url, issuer: "https://a.example", id: "c", isDeleted: false, by: .failed("why"))
        case .registrationNotSaved: .notAService(url: "git.example.com")
        case .notAService: .issuerChanged(service: url, from: "https://a.example", to: "https://b.example")
        case .issuerChanged:
            .foreignHosts(
                service: url, account: "a", issuer: "https://a.example",
                hosts: OtherHosts(pages: ["b.example"], receivers: []))
        case .foreignHosts: .clientNeeded(needed(url, page: nil))
        case .clientNeeded: .scopesNotGranted(service: url, scopes: ["a", "b"])
        case .scopesNotGranted: .notNarrowed(service: url, scopes: ["a", "b"])
        case .notNarrowed: .unanswered(service: url, after: .cancelled)
        case .unanswered: .unansweredConsent(service: url, after: .cancelled, isAdded: true)
        case .unansweredConsent: .clientRefused(service: url, id: "c", by: refused, hasSecret: false)
        case .clientRefused: .registrationRefused(service: url, by: refused, hasSecret: true)
        case .registrationRefused:
            .metadataUnusable(
                service: url, lines: ["issuer = \"https://a.example\"", "client_id = \"c\""],
                by: .responseIssuerMismatch(expected: "https://a.example", found: nil))
        case .metadataUnusable: .clientIsConfigured(service: url, id: "c")
        case .clientIsConfigured: .otherClient(service: url, id: "c", wanted: "d", file: nil, line: nil)
        case .otherClient: .whichAccount(service: url, names: ["a", "b"])
        case .whichAccount: .noAccountAndNoKeyring(.noProvider)
        case .noAccountAndNoKeyring: .grantNotSaved(service: url, by: .kernelMemoryFull)
        case .grantNotSaved: .holderFailed(service: url, account: "a")
        case .holderFailed: nil
        }
    }

    private static func keyrings(after last: SecretServiceError?) -> SecretServiceError? {
        switch last {
        case nil: .noBus("why")
        case .noBus: .noLibrary
        case .noLibrary: .busRefused("why")
        case .busRefused: .noProvider
        case .noProvider: .locked
        case .locked: .promptDismissed
        case .promptDismissed: .promptUnanswered(seconds: 3)
        case .promptUnanswered: .notAskedAgain(seconds: 600)
        case .notAskedAgain: .noCollection(.kwallet)
        case .noCollection: .starting(seconds: 3)
        case .starting: .timedOut(seconds: 3)
        case .timedOut: .noKernelMemory(errno: 1)
        case .noKernelMemory: .kernelMemoryFull
        case .kernelMemoryFull: .failed("why")
        case .failed: nil
        }
    }

    private static func locks(after last: AccountLock.Failure?) -> AccountLock.Failure? {
        switch last {
        case nil: .unusable(path: "/run/a b", errno: 13)
        case .unusable: .foreign(path: "/run/a b", owner: 0)
        case .foreign: .timedOut(seconds: 3)
        case .timedOut: .abandoned
        case .abandoned: .personIsAsked
        case .personIsAsked: .personDeclined(.refused)
        case .personDeclined: .holderFailed
        case .holderFailed: nil
        }
    }

    private static func problems(after last: ConfigurationError.Problem?) -> ConfigurationError.Problem? {
        switch last {
        case nil: .unreadable(errno: 13)
        case .unreadable: .unwritable(errno: 27)
        case .unwritable: .notAFile
        case .notAFile: .ofAnotherUser(1)
        case .ofAnotherUser: .writableByOthers
        case .writableByOthers: .notSet
        case .notSet: .full(entries: 9)
        case .full: .entryTooLarge(bytes: 9)
        case .entryTooLarge: .gitTimedOut(seconds: 9)
        case .gitTimedOut: .gitFailed(status: 128)
        case .gitFailed: .syntax("why")
        case .syntax: .unknownKey
        case .unknownKey: .wrongType(expected: "a number")
        case .wrongType: .notAllowed(value: "a", allowed: ["b"])
        case .notAllowed: .badURL(value: "x")
        case .badURL: .twice(service: "https://a.example", line: 3)
        case .twice: .doubled(isTable: true, line: 3)
        case .doubled: .secret(service: try? ServiceURL(service), clientID: "my client")
        case .secret: .incomplete(missing: "client_id")
        case .incomplete: nil
        }
    }

    private static func setups(after last: SetupFailure?) -> SetupFailure? {
        switch last {
        case nil: .settings(file: "/f", .malformed(format: "JSON"))
        case .settings: .noProgram("docker")
        case .noProgram: .toolFailed(command: "git", complaint: nil)
        case .toolFailed: .noEffect(command: "git")
        case .noEffect: .nameTaken(path: "/p")
        case .nameTaken: .scriptTaken(path: "/p")
        case .scriptTaken: .spaceInPath(caller: "git", path: "/a b")
        case .spaceInPath: .urlNeeded(caller: "docker")
        case .urlNeeded: .nobodyAsked
        case .nobodyAsked: .declined
        case .declined: .unknownCaller("x")
        case .unknownCaller: nil
        }
    }

    private static func chain<Value>(_ next: (Value?) -> Value?) -> [Value] {
        var (values, last): ([Value], Value?) = ([], next(nil))
        while let value = last { (values, last) = (values + [value], next(value)) }
        return values
    }

    private static func needed(_ url: ServiceURL, page: String?) -> CredentialFailure.ClientNeeded {
        .init(
            service: url, issuer: "https://a.example", page: page, redirectURI: "http://127.0.0.1/callback",
            scopes: ["repo"])
    }

    private static var errors: [any Error] {
        get throws {
            let url = try ServiceURL(service)
            var known = needed(url, page: nil)
            known.known = ["my client"]
            let reasons: [CredentialFailure.ClientNeeded.Reason] = [
                .refused(by: refused), .failing(by: .unavailable(host: "h", status: 500, retryAfter: nil)),
                .unusable(member: "redirect_uris"),
                .unusable(member: "client_id", by: .malformed(host: "h", member: "client_id")),
                .unusable(
                    member: "token_endpoint_auth_method",
                    by: .unsupportedClientAuthentication(method: "private_key_jwt")),
            ]
            let unregistered = reasons.map { reason in
                var needed = needed(url, page: nil)
                needed.reason = reason
                return CredentialFailure.clientNeeded(needed)
            }
            let credentials =
                chain { failures(after: $0, url) }
                + unregistered
                + Self.reasons.map { CredentialFailure.signInNeeded(service: url, account: "a", because: $0) }
                + [CredentialFailure]([.clientNeeded(known), .clientNeeded(needed(url, page: "https://a.example/new"))])
            let server: [OAuthError] = [
                .authorizationTimedOut(seconds: 9), .codeExpired(seconds: 9), .codeSpent(by: refused),
                .metadataNotFound(issuer: "https://a.example", answers: []),
                .missingEndpoint(member: "device_authorization_endpoint"),
                .redirectChanged(host: "h", wanted: "http://127.0.0.1/", given: []),
                .registrationClosed(host: "h", status: 403), .unusableResponse(.noState(error: nil)), refused,
                .missingEndpoint(member: "token_endpoint"), .missingEndpoint(member: "authorization_servers"),
                .issuerMismatch(expected: "https://a.example", found: "https://b.example"),
                .pkceUnsupported(issuer: "https://a.example"), .invalidIDToken(member: "nonce"),
                .resourceMismatch(requested: "https://a.example", found: "https://b.example"),
                refusal("invalid_scope"), refusal("invalid_target"), refusal("invalid_client"),
                refusal("redirect_uri_mismatch"),
            ]
            let configuration = chain(problems(after:)).map {
                ConfigurationError(file: "/f", line: 1, key: "host.x.isuer", problem: $0)
            }
            let commands: [any Error] = [
                NoCredential(request: try CredentialRequest(url: service)),
                NotSignedIn(url: service, account: "a", mayHaveMore: true), RegistrationNeeded(needed: known),
                TokenInSight(), NobodyAsked(), NoSuchProgram(name: "x"),
            ]
            let local: [[any Error]] = [
                chain(keyrings(after:)), chain(locks(after:)), chain(setups(after:)), configuration,
            ]
            return credentials + server + local.joined() + commands
        }
    }

    private static let options = [
        [], ["--account 'my name'", "--flow device", "--client-id c", "--scope a", "--store memory"],
        ["--register", "--force"], ["--client-id c", "--client-secret"],
    ]

    @Test(arguments: options)
    func `has commands that the parser accepts, and no word to replace`(_ options: [String]) throws {
        var commands = 0
        for error in try Self.errors {
            for hint in Report(error, about: Self.service, options: options).hints {
                #expect(Self.placeholders(in: hint).isEmpty, "\(hint)")
                for command in Self.commands(in: hint) {
                    commands += 1
                    #expect(throws: Never.self, "\(hint)") { try Keyfob.parseAsRoot(command) }
                }
            }
        }
        #expect(commands > 25)
    }

    /// A command without a service, and one whose URL has more than a service.
    @Test(arguments: [nil, "https://bob@git.example.com/a?b#c"])
    func `has no word to replace either if the command names no service`(_ url: String?) throws {
        for error in try Self.errors {
            for hint in Report(error, about: url).hints {
                #expect(Self.placeholders(in: hint).isEmpty, "\(hint)")
                for command in Self.commands(in: hint) {
                    #expect(throws: Never.self, "\(hint)") { try Keyfob.parseAsRoot(command) }
                }
            }
        }
    }

    @Test func `names the secret of a client where the server wants one`() throws {
        let url = try ServiceURL(Self.service)
        var needed = Self.needed(url, page: nil)
        needed.wantsSecret = true
        let register = Report(CredentialFailure.clientNeeded(needed)).hints
        #expect(register.contains { $0.contains("run: keyfob login --client-id ID --client-secret ") }, "\(register)")
        for (hasSecret, count) in [(true, 0), (false, 1)] {
            let refused = CredentialFailure.clientRefused(
                service: url, id: "my client", by: Self.refusal("invalid_client"), hasSecret: hasSecret)
            let secret =
                "if the server has given it a secret, run: keyfob login --client-id 'my client' --client-secret "
            let hints = Report(refused, about: Self.service).hints
            #expect(hints.count { $0.hasPrefix(secret) } == count, "\(hints)")
            #expect(hints.contains { $0.contains("client_authentication") } == hasSecret, "\(hints)")
        }
    }

    @Test(arguments: [
        ("https://git.example.com/you/project.git", "https://git.example.com"),
        ("https://git.example.com/you/project.GIT", "https://git.example.com"),
        ("https://gitlab.com/you/project", "https://gitlab.com"),
        ("https://git.example.com/mcp", "https://git.example.com/mcp"),
    ])
    func `about the entry of a repository names its origin, because git sends no path`(
        _ url: String, _ service: String
    ) {
        let report = Report(OAuthError.metadataNotFound(issuer: "https://a.example", answers: []), about: url)
        #expect(report.hints.contains { $0.contains("[host.\"\(service)\"]") }, "\(report.hints)")
    }

    @Test func `about a missing keyring works also without a service`() throws {
        for error in [SecretServiceError.noBus("why"), .noLibrary, .noProvider] {
            let report = Report(error, about: nil)
            #expect(report.hints.last?.contains("write store = \"auto\" ") == true)
            #expect(report.withoutAdviceToSignIn().hints.count == 1)
            let named = Report(error, about: Self.service)
            #expect(named.hints.last?.hasSuffix("keyfob login --store memory '\(Self.service)'") == true)
        }
    }

    @Test(arguments: [
        (["logn", "https://a", "--account", "a b"], "did you mean: keyfob login https://a --account 'a b'"),
        (["statsu"], "did you mean: keyfob status"), (["tokne", "x"], "did you mean: keyfob token x"),
        (["hlep"], "did you mean: keyfob help"), (["frobnicate"], "for a list of commands: keyfob --help"),
    ])
    func `after a misspelt command proposes the right one`(_ arguments: [String], _ hint: String) {
        let report = Keyfob.unknownCommand(arguments)
        #expect(report?.hints == [hint])
        #expect(report?.status == 64)
    }

    /// Words that stand for something else; only the user knows the id of a new client.
    private static func placeholders(in hint: String) -> [Substring] {
        let rest = ["--client-id ID", "the URL", "your PATH"].reduce(hint) { $0.replacing($1, with: "") }
        let words = rest.split { !$0.isLetter && $0 != "_" }
        return words.filter { ["URL", "NAME", "HOST", "PATH", "FILE", "ID", "SERVICE", "REGISTRY"].contains($0) }
    }

    /// The words of each command that follows a colon or "then".
    private static func commands(in hint: String) -> [[String]] {
        hint.split(separator: ": ").flatMap { $0.split(separator: ", then ") }.filter { $0.hasPrefix("keyfob ") }
            .map { Array(words($0.prefix { $0 != ";" }).dropFirst()) }
    }

    /// Splits a command line as a shell does, with single quotes.
    private static func words(_ line: Substring) -> [String] {
        var (words, word, isQuoted): ([String], String?, Bool) = ([], nil, false)
        for character in line {
            switch character {
            case "'": (isQuoted, word) = (!isQuoted, word ?? "")
            case " " where !isQuoted:
                if let word { words.append(word) }
                word = nil
            default: word = (word ?? "") + String(character)
            }
        }
        return words + (word.map { [$0] } ?? [])
    }
}
