import CredentialProtocol
import KernelKeyring
import Secrets

/// The door for git: answers from kernel memory, or hands the request over to the program `keyfob` in its own
/// directory.
///
/// It answers alone the two requests of every fetch: a `get` whose access token is in kernel memory and fresh, and the
/// `store` of the same token. That takes a few system calls: no D-Bus, no library, no network. keyfob handles
/// everything else, including errors.
package struct GitDoor {
    private let arguments: [String]

    /// - Parameter arguments: the arguments after the program's name: options for keyfob, then the operation.
    package init(arguments: [String]) {
        self.arguments = arguments
    }

    /// The program name that git calls.
    package static let name = "git-credential-keyfob"

    /// Whether `program`, with or without directories, is the name of the door for git.
    package static func isCalled(_ program: String) -> Bool { program == name || program.hasSuffix("/" + name) }

    /// - Returns: the exit status. Does not return if keyfob takes the request over.
    package func run() -> Int32 {
        guard let word = arguments.last else {
            Output.complain("usage: \(Self.name) [OPTION]... get|store|erase|capability")
            return 64
        }
        if word == "capability" { return Output.write(Capability.announcement) ? 0 : Output.nobodyReads }
        // git may add operations that keyfob does not know; a helper ignores those silently (gitcredentials(7)).
        guard let operation = Operation(rawValue: word) else { return 0 }
        let input = Input.readRequest()
        if let answer = answer(operation, input) { return Output.write(answer) ? 0 : Output.nobodyReads }
        let failure = HandOver.run(["keyfob", word, "--dialect", "git"] + arguments.dropLast(), input: input)
        Output.complain("keyfob: " + failure.message)
        for hint in failure.hints { Output.complain("hint: " + hint) }
        return failure.status
    }

    /// Returns the answer from kernel memory; nil if keyfob has to answer.
    private func answer(_ operation: Operation, _ input: [UInt8]) -> [UInt8]? {
        // Options may select another account than the one whose token is in kernel memory.
        guard arguments.count == 1, operation != .erase else { return nil }
        let dialect = GitDialect()
        guard let request = try? dialect.decode(input, for: operation) else { return nil }
        if operation == .store { return isOurs(request) ? [] : nil }
        return RememberedToken.answer(to: request).flatMap { try? dialect.encode($0, for: request) }
    }

    /// Whether git stores the token that keyfob gave it. In `store`, git names the user from keyfob's answer, even if
    /// its `get` named none.
    private func isOurs(_ request: CredentialRequest) -> Bool {
        var asked = request
        asked.username = nil
        return [request, asked].contains { question in
            guard let token = RememberedToken(for: question)?.token else { return false }
            return (request.credential ?? request.password) == token.token
        }
    }
}
