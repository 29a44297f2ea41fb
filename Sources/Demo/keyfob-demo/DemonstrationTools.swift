import AsyncHTTPClient
import AuthorizationServer
import FoundationEssentials
import NIOCore
import NIOHTTP1
import Secrets

extension Demonstration {
    /// Runs git as a user would, in the session's home, and prints its output.
    func git(_ arguments: String..., in session: PrivateSession? = nil) async throws -> Command.Outcome {
        Narrator.command("git " + arguments.joined(separator: " "))
        return try await run(tools.git, arguments, session ?? self.session)
    }

    func keyfob(_ arguments: String...) async throws -> Command.Outcome {
        Narrator.command("keyfob " + arguments.joined(separator: " "))
        return try await run(binaries.keyfob, arguments, session)
    }

    /// The time limit leaves a user enough time to sign in: keyfob's own limit is 5 minutes.
    private func run(
        _ executable: String, _ arguments: [String], _ session: PrivateSession
    ) async throws -> Command.Outcome {
        try await Command(
            executable: executable, arguments: arguments, environment: session.environment,
            directory: session.environment["HOME"]
        ).run(deadline: .seconds(320)) { Narrator.tell("| " + $0) }
    }

    /// Runs `body` and prints the requests that the authorization server received during it.
    func logging(_ body: () async throws -> some Any) async throws -> [LoggedRequest] {
        let before = authorization.requestLog.count
        _ = try await body()
        // Introspection requests come from the git server, one for each of its requests.
        let log = authorization.requestLog.dropFirst(before).filter { $0.path != "/introspect" }
        for request in log { Narrator.tell("authorization server: \(request)") }
        return Array(log)
    }

    /// Prints the fact if it is true, and throws otherwise.
    func check(_ condition: Bool, _ fact: String) throws {
        guard condition else { throw DemoFailure(description: "this is not true: \(fact)") }
        Narrator.tell("ok: \(fact)")
    }

    /// The git server's status for a request with this token.
    func gitServerStatus(_ token: Secret) async throws -> Int {
        var request = HTTPClientRequest(url: "\(origin)/private.git/info/refs?service=git-upload-pack")
        request.headers.add(name: "Authorization", value: "Bearer \(token.exposedText ?? "")")
        return Int(try await HTTPClient.shared.execute(request, timeout: .seconds(20)).status.code)
    }

    /// The text of a file in the session's home.
    func contents(_ path: String) throws -> String {
        let data = try Data(contentsOf: URL(filePath: "\(session.root)/home/\(path)"))
        return String(decoding: data, as: UTF8.self)
    }
}
