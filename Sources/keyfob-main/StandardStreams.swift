import Console
import CredentialProtocol
import Doors
import Glibc
import KeyfobCore
import Processes
import Secrets
import Synchronization

/// Standard input with a request.
enum StandardInput {
    /// Reads a secret from the user: the first line, without its end; nil if it is empty.
    static func readSecret() -> Secret? {
        let line = Input.readRequest().prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        return line.isEmpty ? nil : Secret(line)
    }
}

/// The program that waits for the answer of this process.
enum Caller {
    /// The processes that wait for this one. Read them early: later they may be other ones.
    static let chain = CallerChain()

    /// Whether nobody reads standard output any more, or a process that waits for this one has ended. For a sign-in that the
    /// user has started, only the first counts: a shell that ends leaves its jobs alone.
    static func isGone(isUser: Bool) -> Bool {
        StandardOutput.isClosed || (!isUser && chain.isBroken())
    }

    /// The pause between two looks.
    private static let pause = Duration.milliseconds(300)

    /// Runs `body`, for instance a question to the user.
    ///
    /// - Throws: `AccountLock.Failure.abandoned` soon after the caller has ended. `body` is cancelled then.
    static func unlessGone<Result: Sendable>(
        isUser: Bool, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask { try await body() }
            group.addTask {
                while !isGone(isUser: isUser) { try await Task.sleep(for: pause) }
                throw AccountLock.Failure.abandoned
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw CancellationError() }
            return result
        }
    }

    /// Runs `body`, and then waits until the task is cancelled.
    ///
    /// - Throws: `AccountLock.Failure.abandoned` soon after the caller has ended. `body` is cancelled then, and so are the sign-in and its lock.
    static func runUntilGone(isUser: Bool, _ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await body() }
            group.addTask {
                while !isGone(isUser: isUser) { try await Task.sleep(for: pause) }
                throw AccountLock.Failure.abandoned
            }
            for try await _ in group {}
        }
    }
}

/// Standard input line by line.
final class LineInput: Sendable {
    private let lines: Mutex<ConversationLines>

    /// - Parameter descriptor: has the beginning of the input, if a door has read it already.
    init(beginningOn descriptor: Int32?) {
        let read = descriptor.map { descriptor in
            defer { close(descriptor) }
            return Input.readAll(upTo: HandOver.longestInput, from: descriptor)
        }
        lines = Mutex(ConversationLines(pending: read ?? []))
    }

    /// The next line without its end, at most one byte more than the limit for callers; nil at the end.
    func next() -> [UInt8]? { lines.withLock { $0.next(Input.readSome) } }
}
