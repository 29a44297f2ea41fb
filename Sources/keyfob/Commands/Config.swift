import ArgumentParser
import CredentialProtocol
import Glibc
import KernelKeyring
import KeyfobCore
import OAuth

/// Where the configuration is; what holds for a URL, and why.
struct Config: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show where the configuration is, or what holds for a URL and which file says so.",
        discussion: "For a service that nobody configured it asks the service for its authorization server.")

    @Argument(help: "The URL of a service.")
    var url: String?

    func run() async throws {
        let composition = Composition(account: nil, interaction: .never)
        try await composition.runWithTokens { accounts, _ in
            guard let url else { return try Self.print(Self.files()) }
            let request = try CredentialRequest(url: url)
            guard let service = request.url, service.scheme == "https" || service.isLoopback else {
                throw NotAService(url: url)
            }
            let finding = try await composition.introduction().accountByName(for: request, anew: false)
            try Self.print(Self.lines(finding.account, accounts.configuration.host(for: service), finding.finding))
        }
    }

    private static func files() -> [String] {
        Surroundings.configurationFiles.map { file in
            let isThere = unsafe access(file, R_OK) == 0
            return Words.printable(file) + (isThere ? "" : "  (absent)")
        }
    }

    private static func lines(
        _ account: Account, _ host: Configuration.Host?, _ finding: ServerFinder.Finding?
    ) -> [String] {
        func line(_ name: String, _ value: String, _ key: String, otherwise source: String) -> String {
            "\(name): \(Words.printable(value))  (\(Words.printable(host?.sources[key] ?? source)))"
        }
        let provider = account.provider.map { "what is known of \($0.name)" }
        let found = finding.map { _ in "discovery" } ?? provider
        var lines = ["service: \(account.service)"]
        lines += (finding?.steps ?? []).map { "step: " + Words.printable(words($0)) }
        let serverKey = host?.sources["issuer"] == nil ? "token_endpoint" : "issuer"
        lines.append(
            line("authorization server", account.server.identifier, serverKey, otherwise: found ?? "git's settings"))
        lines.append(
            line(
                "client", account.client?.id ?? "the one as which keyfob is registered", "client_id",
                otherwise: account.client == nil ? "default" : found ?? "git's settings"))
        lines.append(line("scopes", account.scopes.joined(separator: " "), "scopes", otherwise: found ?? "default"))
        lines.append(line("resource", account.resource ?? "none", "resource", otherwise: found ?? "default"))
        lines.append(
            line("flow", account.flow?.rawValue ?? "the one that fits the place", "flow", otherwise: "default"))
        lines.append(
            line(
                "user name beside the token", account.username ?? "oauth2", "username", otherwise: provider ?? "default"
            ))
        lines.append(line("account", account.name ?? "the only one", "account", otherwise: "default"))
        lines.append(line("pkce", account.pkce.rawValue, "pkce", otherwise: provider ?? "default"))
        lines += (account.provider?.quirks ?? []).map { "note: " + Words.printable($0) }
        return lines
    }

    private static func words(_ step: ServerFinder.Step) -> String {
        switch step {
        case .knownHost(let name): "keyfob knows this host: \(name)"
        case .challenge(let metadata, let scope):
            "the service asks for a Bearer token" + (metadata.map { ", its metadata are at \($0)" } ?? "")
                + (scope.map { ", with the scopes " + $0.joined(separator: " ") } ?? "")
        case .noChallenge: "the service asks for no Bearer token by itself"
        case .resourceMetadata(let resource, let servers):
            "the metadata of \(resource) name " + servers.joined(separator: ", ")
        case .noResourceMetadata: "the service publishes no metadata (RFC 9728)"
        case .ownIssuer(let issuer): "the service's own origin is an issuer: \(issuer)"
        }
    }

    private static func print(_ lines: [String]) throws {
        try StandardOutput.write(Array((lines.joined(separator: "\n") + "\n").utf8))
    }
}
