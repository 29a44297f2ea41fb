import CredentialProtocol
import KernelKeyring
import Secrets

/// The door for git: answers from kernel memory, or hands the same request over to `keyfob` beside itself.
///
/// What it can answer alone is what git asks in every fetch: a `get` whose access token is in kernel memory and fresh,
/// and the `store` of that very token right after. That takes a few system calls: no D-Bus, no library, no network.
/// Everything else, errors among it, is keyfob's.
package struct GitDoor {
    private let arguments: [String]

    /// - Parameter arguments: the command line behind the program's name: options for keyfob, then the operation.
    package init(arguments: [String]) {
        self.arguments = arguments
    }

    /// The name by which git calls it.
    package static let name = "git-credential-keyfob"

    /// Whether a program that was started by this name, with directories or without, is the door for git.
    package static func isCalled(_ program: String) -> Bool { program == name || program.hasSuffix("/" + name) }

    /// - Returns: the exit status; does not return where the request is handed over.
    package func run() -> Int32 {
        guard let word = arguments.last else {
            Output.complain("usage: \(Self.name) [OPTION]... get|store|erase|capability")
            return 64
        }
        if word == "capability" { return Output.write(Capability.announcement) ? 0 : Output.nobodyReads }
        // git will invent operations that we do not know; a helper says nothing to them (gitcredentials(7)).
        guard let operation = Operation(rawValue: word) else { return 0 }
        let input = Input.readRequest()
        if let answer = answer(operation, input) { return Output.write(answer) ? 0 : Output.nobodyReads }
        let failure = HandOver.run(["keyfob", word, "--dialect", "git"] + arguments.dropLast(), input: input)
        Output.complain("keyfob: " + failure.message)
        for hint in failure.hints { Output.complain("hint: " + hint) }
        return failure.status
    }

    /// The answer from kernel memory; nil where keyfob has to be asked.
    private func answer(_ operation: Operation, _ input: [UInt8]) -> [UInt8]? {
        // With options it may be about another account than the one whose token is at hand.
        guard arguments.count == 1, operation != .erase else { return nil }
        let dialect = GitDialect()
        guard let request = try? dialect.decode(input, for: operation) else { return nil }
        if operation == .store { return isOurs(request) ? [] : nil }
        return RememberedToken.answer(to: request).flatMap { try? dialect.encode($0, for: request) }
    }

    /// Whether what git stores is the token that we gave it. git names the user in `store` as we did in our answer,
    /// also where it had named none in `get`.
    private func isOurs(_ request: CredentialRequest) -> Bool {
        var asked = request
        asked.username = nil
        return [request, asked].contains { question in
            guard let token = RememberedToken(for: question)?.token else { return false }
            return (request.credential ?? request.password) == token.token
        }
    }
}
