import Addresses
import FoundationEssentials
import Glibc
import OAuth
import Subprocess
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import KeyfobCore

@Suite(.timeLimit(.minutes(1)))
struct `The lock of an account` {
    struct NobodyCame: Error {}

    /// Counts how many tasks are in the room at the same time.
    final class Room: Sendable {
        private let counts = Mutex((inside: 0, most: 0))

        var mostAtOnce: Int { counts.withLock { $0.most } }

        func enter() {
            counts.withLock { counts in
                counts.inside += 1
                counts.most = max(counts.most, counts.inside)
            }
        }

        func leave() { counts.withLock { $0.inside -= 1 } }
    }

    /// Holds a lock that its holder has let go of.
    ///
    /// A program that another test starts at that moment has a copy of the descriptor until its exec, and with it the
    /// lock: so one try may not be enough.
    private func holdReleased<Result>(
        _ lock: AccountLock, _ body: (AccountLock.Held) async throws -> Result
    ) async throws -> Result {
        while true {
            do {
                return try await lock.hold("a", patience: .zero, waitsForPerson: true, body)
            } catch AccountLock.Failure.timedOut {
                await Task.yield()
            }
        }
    }

    /// A signal handler asks this from outside the lock before it ends the process.
    @Test func `tells its own process about a refresh until the result is stored or given up`() async throws {
        try await withTemporaryDirectory { directory in
            let lock = AccountLock(directory: directory)
            #expect(!lock.isRefreshing)
            try await holdReleased(lock) { held in
                #expect(!lock.isRefreshing)
                try await held.refreshing(isLost: { _ in false }) { () throws(OAuthError) in
                    #expect(lock.isRefreshing)
                }
                #expect(lock.isRefreshing)
                held.answerIsKept()
            }
            #expect(!lock.isRefreshing)
            await #expect(throws: NobodyCame.self) {
                try await holdReleased(lock) { held in
                    try await held.refreshing(isLost: { _ in true }) { () throws(OAuthError) in }
                    throw NobodyCame()
                }
            }
            #expect(!lock.isRefreshing)
        }
    }

    @Test func `has one holder at a time`() async throws {
        try await withTemporaryDirectory { directory in
            let lock = AccountLock(directory: directory)
            let room = Room()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await lock.hold("a", patience: .seconds(50), waitsForPerson: true) { _ in
                            room.enter()
                            for _ in 0..<100 { await Task.yield() }
                            room.leave()
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(room.mostAtOnce == 1)
        }
    }

    /// Holds the lock while a refresh ends with `error`, or with success if that is nil. Returns whether the next
    /// holder sees a lost answer.
    private func seen(
        after error: OAuthError?, before earlier: OAuthError? = nil, isKept: Bool = true
    ) async throws -> Bool {
        try await withTemporaryDirectory { directory in
            let lock = AccountLock(directory: directory)
            for error in [earlier, error] where error != nil || earlier != nil {
                try await lock.hold("a", patience: .zero, waitsForPerson: true) { held in
                    try? await held.refreshing(isLost: { $0 == .answerLost(host: "h") }) { () throws(OAuthError) in
                        if let error { throw error }
                    }
                    if error == nil, isKept { held.answerIsKept() }
                }
            }
            return try await lock.hold("a", patience: .zero, waitsForPerson: true) { $0.answerIsLost }
        }
    }

    @Test func `tells the next holders that the answer to a refresh was lost, until one arrives`() async throws {
        #expect(try await seen(after: .answerLost(host: "h")))
        #expect(try await !seen(after: .unreachable(host: "h", reason: "r")))
        #expect(try await seen(after: .unreachable(host: "h", reason: "r"), before: .answerLost(host: "h")))
        #expect(try await !seen(after: nil, before: .answerLost(host: "h")))
        #expect(try await seen(after: nil, before: .unreachable(host: "h", reason: "r"), isKept: false))
    }

    @Test func `tells the next holder that the previous one ended during a refresh`() async throws {
        try await withTemporaryDirectory { directory async throws in
            // A process that was killed leaves this file.
            let path = directory + "/a.lock"
            let left = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            var mark: UInt8 = 0x7E
            #expect(unsafe write(left, &mark, 1) == 1)
            close(left)
            let lock = AccountLock(directory: directory)
            for _ in 0..<2 {
                let isLost = try await lock.hold("a", patience: .zero, waitsForPerson: true) { $0.answerIsLost }
                #expect(isLost)
            }
        }
    }

    @Test func `does not block another account`() async throws {
        try await withTemporaryDirectory { directory in
            let lock = AccountLock(directory: directory)
            try await lock.hold("a", patience: .zero, waitsForPerson: false) { _ in
                try await lock.hold("b", patience: .zero, waitsForPerson: false) { _ in }
            }
        }
    }

    @Test func `is not waited for longer than the timeout`() async throws {
        try await withTemporaryDirectory { directory in
            let lock = AccountLock(directory: directory)
            try await lock.hold("a", patience: .zero, waitsForPerson: false) { _ in
                for seconds in [0, 1] {
                    let error = await #expect(throws: AccountLock.Failure.self) {
                        try await lock.hold("a", patience: .seconds(seconds), waitsForPerson: true) { _ in }
                    }
                    #expect(error?.seconds == seconds)
                }
            }
            try await holdReleased(lock) { _ in }
        }
    }

    @Test func `is not waited for if the caller has ended meanwhile`() async throws {
        try await withTemporaryDirectory { directory in
            let looks = Mutex(0)
            let lock = AccountLock(directory: directory)
            let ofAnother = AccountLock(
                directory: directory,
                isAbandoned: {
                    looks.withLock {
                        $0 += 1
                        return $0 > 1
                    }
                })
            _ = try await lock.hold("a", patience: .zero, waitsForPerson: false) { _ in
                await #expect(throws: AccountLock.Failure.abandoned) {
                    try await ofAnother.hold("a", patience: .seconds(50), waitsForPerson: true) { _ in }
                }
            }
            #expect(looks.withLock { $0 } == 2)
        }
    }

    @Test func `has no answer for the next one if a sign-in ended with its caller`() async throws {
        try await withTemporaryDirectory { directory in
            let lock = AccountLock(directory: directory)
            await #expect(throws: AccountLock.Failure.abandoned) {
                try await lock.hold("a", patience: .zero, waitsForPerson: true) { held in
                    try await held.askingPerson { throw AccountLock.Failure.abandoned }
                }
            }
            let mark = try Data(contentsOf: URL(filePath: directory + "/a.lock"))
            #expect(mark.isEmpty)
        }
    }

    @Test func `is released after the work, even if that fails`() async throws {
        try await withTemporaryDirectory { directory in
            let lock = AccountLock(directory: directory)
            await #expect(throws: NobodyCame.self) {
                try await lock.hold("a", patience: .zero, waitsForPerson: false) { _ in throw NobodyCame() }
            }
            let seven = try await holdReleased(lock) { _ in 7 }
            #expect(seven == 7)
        }
    }

    @Test func `is not waited for by a cancelled task`() async throws {
        try await withTemporaryDirectory { directory in
            let lock = AccountLock(directory: directory)
            try await lock.hold("a", patience: .zero, waitsForPerson: false) { _ in
                let waiting = Task { try await lock.hold("a", patience: .seconds(50), waitsForPerson: true) { _ in } }
                waiting.cancel()
                await #expect(throws: CancellationError.self) { try await waiting.value }
            }
        }
    }

    // MARK: Other processes

    @Test func `is released when its process ends, however it ends`() async throws {
        try await withTemporaryDirectory { directory in
            let lock = AccountLock(directory: directory)
            let script = "exec 9>>\"$0\"; flock 9 && echo held && exec cat"
            _ = try await Subprocess.run(
                .path("/bin/sh"), arguments: ["-c", script, directory + "/a.lock"], input: .inputWriter,
                output: .sequence, error: .discarded
            ) { execution in
                var said = ""
                for try await line in execution.standardOutput.strings() {
                    said = line
                    break
                }
                #expect(said.hasPrefix("held"))
                let late = await #expect(throws: AccountLock.Failure.self) {
                    try await lock.hold("a", patience: .zero, waitsForPerson: true) { _ in }
                }
                #expect(late?.seconds == 0)
                try execution.send(signal: .kill)
            }
            try await lock.hold("a", patience: .seconds(10), waitsForPerson: true) { _ in }
        }
    }

    @Test func `is not inherited by programs that its holder starts`() async throws {
        try await withTemporaryDirectory { directory in
            let lock = AccountLock(directory: directory)
            try await lock.hold("a", patience: .zero, waitsForPerson: false) { _ in
                let open = try await Subprocess.run(
                    .path("/bin/sh"), arguments: ["-c", "ls -l /proc/self/fd"], output: .string(limit: 65_536))
                #expect(open.standardOutput.contains("/dev/null") || !open.standardOutput.isEmpty)
                #expect(!open.standardOutput.contains("a.lock"))
            }
        }
    }

    // MARK: While the user is asked

    @Test func `is not waited for by callers that may not ask, while the user is asked`() async throws {
        try await withTemporaryDirectory { directory in
            let lock = AccountLock(directory: directory)
            try await lock.hold("a", patience: .zero, waitsForPerson: true) { held in
                try await held.askingPerson {
                    await #expect(throws: AccountLock.Failure.personIsAsked) {
                        try await lock.hold("a", patience: .seconds(50), waitsForPerson: false) { _ in }
                    }
                    let late = await #expect(throws: AccountLock.Failure.self) {
                        try await lock.hold("a", patience: .zero, waitsForPerson: true) { _ in }
                    }
                    #expect(late?.seconds == 0)
                }
                // The user has answered, so the holder finishes soon: now all callers wait.
                let late = await #expect(throws: AccountLock.Failure.self) {
                    try await lock.hold("a", patience: .zero, waitsForPerson: false) { _ in }
                }
                #expect(late?.seconds == 0)
            }
        }
    }

    /// Starts a task that waits for the lock, and returns as soon as the task waits.
    private func waiter(for lock: AccountLock, sharesFailure: Bool = false) async throws -> Task<Void, any Error> {
        let executor = CountingExecutor()
        let waiter = Task(executorPreference: executor) {
            try await lock.hold("a", patience: .seconds(50), waitsForPerson: true, sharesFailure: sharesFailure) { _ in
            }
        }
        // The task is ready once when it starts, and again only after it has found the lock held.
        while executor.jobs < 2 { await Task.yield() }
        return waiter
    }

    @Test func `tells the user's no to every process that waited, and to no other`() async throws {
        try await withTemporaryDirectory { directory in
            let lock = AccountLock(directory: directory)
            var waiters: [Task<Void, any Error>] = []
            await #expect(throws: NobodyCame.self) {
                try await lock.hold("a", patience: .zero, waitsForPerson: true) { held in
                    try await held.askingPerson {
                        for _ in 0..<8 { waiters.append(try await waiter(for: lock)) }
                        throw NobodyCame()
                    }
                }
            }
            for waiter in waiters {
                await #expect(throws: AccountLock.Failure.personDeclined(.refused)) { try await waiter.value }
            }
            try await holdReleased(lock) { _ in }
        }
    }

    /// A holder that gets no token in one of three ways.
    @Test(arguments: [0, 1, 2])
    func `tells its failure to the processes that waited for a token, and to no other`(way: Int) async throws {
        try await withTemporaryDirectory { directory in
            let lock = AccountLock(directory: directory)
            var waiters: [Task<Void, any Error>] = []
            var others: [Task<Void, any Error>] = []
            await #expect(throws: (any Error).self) {
                try await lock.hold("a", patience: .zero, waitsForPerson: true) { held in
                    for _ in 0..<8 { waiters.append(try await waiter(for: lock, sharesFailure: true)) }
                    if way == 0 { try await held.askingPerson(decline: { _ in nil }) { throw NobodyCame() } }
                    try await held.refreshing(isLost: { _ in way == 1 }, isShared: { _ in true }) {
                        () throws(OAuthError) in
                        throw .unreachable(host: "h", reason: "r")
                    }
                }
            }
            for waiter in waiters {
                await #expect(throws: AccountLock.Failure.holderFailed) { try await waiter.value }
            }
            try await holdReleased(lock) { _ in
                others.append(try await self.waiter(for: lock, sharesFailure: way != 1))
            }
            for other in others { try await other.value }
        }
    }

    @Test func `tells no process about other errors`() async throws {
        try await withTemporaryDirectory { directory in
            let lock = AccountLock(directory: directory)
            var waiters: [Task<Void, any Error>] = []
            await #expect(throws: NobodyCame.self) {
                try await lock.hold("a", patience: .zero, waitsForPerson: true) { held in
                    try await held.askingPerson(decline: { _ in nil }) {
                        waiters.append(try await waiter(for: lock))
                        throw NobodyCame()
                    }
                }
            }
            for waiter in waiters { try await waiter.value }
        }
    }

    @Test func `lets the waiting processes go on after the user's yes`() async throws {
        try await withTemporaryDirectory { directory in
            let lock = AccountLock(directory: directory)
            let waiter = try await lock.hold("a", patience: .zero, waitsForPerson: true) { held in
                try await held.askingPerson { try await self.waiter(for: lock) }
            }
            try await waiter.value
        }
    }

    @Test func `does not tell an old no to processes that wait for another holder`() async throws {
        try await withTemporaryDirectory { directory in
            let lock = AccountLock(directory: directory)
            await #expect(throws: NobodyCame.self) {
                try await lock.hold("a", patience: .zero, waitsForPerson: true) { held in
                    try await held.askingPerson { throw NobodyCame() }
                }
            }
            let waiter = try await holdReleased(lock) { _ in
                try await self.waiter(for: lock)
            }
            try await waiter.value
        }
    }

    // MARK: The place of the lock

    @Test func `is in a directory that only this user can use`() async throws {
        try await withTemporaryDirectory { parent in
            let directory = parent + "/keyfob"
            try await AccountLock(directory: directory).hold("a", patience: .zero, waitsForPerson: false) { _ in }
            #expect(try mode(of: directory) == 0o700)
            #expect(try mode(of: directory + "/a.lock") == 0o600)
        }
    }

    @Test(.counted(.hostileNeighbours)) func `is refused if other users could interfere`() async throws {
        try await withTemporaryDirectory { parent in
            try FileManager.default.createDirectory(
                atPath: parent + "/real", withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            unsafe _ = symlink(parent + "/real", parent + "/link")
            try write("", to: parent + "/file")
            for (name, mode) in [("group", 0o750), ("world", 0o701), ("open", 0o777)] {
                try FileManager.default.createDirectory(
                    atPath: "\(parent)/\(name)", withIntermediateDirectories: false)
                unsafe _ = chmod("\(parent)/\(name)", mode_t(mode))
            }
            for (name, code) in [
                ("link", ENOTDIR), ("file", ENOTDIR), ("group", EPERM), ("world", EPERM), ("open", EPERM),
                ("absent/keyfob", ENOENT),
            ] {
                let path = "\(parent)/\(name)"
                await #expect(throws: AccountLock.Failure.unusable(path: path, errno: code)) {
                    try await AccountLock(directory: path).hold("a", patience: .zero, waitsForPerson: true) { _ in }
                }
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: parent + "/real").isEmpty)
        }
    }

    @Test(.counted(.hostileNeighbours)) func `is refused if its file is a link`() async throws {
        try await withTemporaryDirectory { directory in
            let other = try write("precious", to: directory + "/other")
            unsafe _ = symlink(other, directory + "/a.lock")
            let failure = AccountLock.Failure.unusable(path: directory + "/a.lock", errno: ELOOP)
            await #expect(throws: failure) {
                try await AccountLock(directory: directory).hold("a", patience: .zero, waitsForPerson: true) { _ in }
            }
            #expect(try String(contentsOfFile: other, encoding: .utf8) == "precious")
        }
    }

    @Test(.counted(.hostileNeighbours), .enabled(if: geteuid() == 0, "only root can give a directory away"))
    func `is refused in another user's directory`() async throws {
        try await withTemporaryDirectory { directory async throws in
            unsafe _ = chown(directory, 65_534, 65_534)
            for (path, foreign) in [(directory, directory), (directory + "/keyfob", directory)] {
                await #expect(throws: AccountLock.Failure.foreign(path: foreign, owner: 65_534)) {
                    try await AccountLock(directory: path).hold("a", patience: .zero, waitsForPerson: true) { _ in }
                }
                #expect(throws: AccountLock.Failure.foreign(path: foreign, owner: 65_534)) {
                    try AccountLock(directory: path).examineDirectory()
                }
            }
            // If root runs keyfob in another user's session, no file of root's is left there.
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
        }
    }

    private func mode(of path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }
}

extension AccountLock.Failure {
    /// How long the lock was waited for; nil if that is not what failed.
    fileprivate var seconds: Int? { if case .timedOut(let seconds, _) = self { seconds } else { nil } }
}
