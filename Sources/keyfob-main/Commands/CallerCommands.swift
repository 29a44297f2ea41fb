import ArgumentParser
import Dialects

/// Answers clients of the Model Context Protocol.
struct Headers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "headers",
        abstract: "Print the header fields for a URL as one JSON object, for MCP clients. Never asks the user.")

    @Argument(
        help: "The URL of the server; by default the one in CLAUDE_CODE_MCP_SERVER_URL.",
        completion: .services)
    var url: String?

    @Option(help: "Which of your accounts at the service.", completion: .accounts)
    var account: String?

    func run() async throws {
        try await Main.serveToExit(Exchange(HeadersDialect.self, account: account), url.map { [$0] } ?? [])
    }
}

/// Answers the go command.
struct Goauth: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "goauth", abstract: "Answer the go command: GOAUTH=\"keyfob goauth\". Never asks the user.")

    @Argument(help: "The URL for which the server returned an error.", completion: .services)
    var url: String?

    @Option(help: "Which of your accounts at the service.", completion: .accounts)
    var account: String?

    func run() async throws {
        try await Main.serveToExit(Exchange(GoDialect.self, account: account), url.map { [$0] } ?? [])
    }
}
