import Glibc
import KernelKeyring
import Secrets
import Synchronization
import Testing

@Suite struct `Races for the kernel keyring` {
    /// Adding a keyring replaces an older one of the same name with all its keys. So a thread must not replace the
    /// keyring of another thread.
    @Test func `64 threads that create the keyring at once all find what the others wrote`() throws {
        for _ in 0..<20 {
            let name = String.testKeyringName()
            defer { KernelKeyring.existing(named: name)?.discard() }
            try inThreads(64) { number in
                try KernelKeyring.open(named: name).write("token \(number)", Secret("s"), lifetime: 60)
            }
            let names = try #require(KernelKeyring.existing(named: name)).names()
            #expect(Set(names) == Set((0..<64).map { "token \($0)" }))
        }
    }

    @Test func `64 threads that write one name leave one key, and it never disappears`() throws {
        try withKeyring { keyring in
            try keyring.write("token", Secret("first"), lifetime: 60)
            try inThreads(64) { number in
                try keyring.write("token", Secret("s \(number)"), lifetime: 60)
                guard keyring.read("token") != nil else { throw Lost() }
            }
            #expect(keyring.names() == ["token"])
        }
    }
}

/// In the past, a reader found nothing while a writer replaced a secret.
private struct Lost: Error {}

/// Runs `body` in `count` threads that start together. Throws the first error.
private func inThreads(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    let race = Race(count: count, body: body)
    let argument = unsafe Unmanaged.passUnretained(race).toOpaque()
    var threads = [pthread_t](repeating: pthread_t(), count: count)
    for index in threads.indices {
        let created = unsafe pthread_create(
            &threads[index], nil,
            { argument in
                if let argument = unsafe argument {
                    unsafe Unmanaged<Race>.fromOpaque(argument).takeUnretainedValue().run()
                }
                return nil
            }, argument)
        try #require(created == 0)
    }
    for thread in threads { pthread_join(thread, nil) }
    if let error = race.error { throw error }
}

/// The state that the threads of one race share.
private final class Race: Sendable {
    private let count: Int
    private let body: @Sendable (Int) throws -> Void
    private let arrived = Atomic<Int>(0)
    private let failure = Mutex<(any Error)?>(nil)

    init(count: Int, body: @escaping @Sendable (Int) throws -> Void) {
        self.count = count
        self.body = body
    }

    var error: (any Error)? { failure.withLock { $0 } }

    func run() {
        let number = arrived.add(1, ordering: .sequentiallyConsistent).oldValue
        while arrived.load(ordering: .sequentiallyConsistent) < count { sched_yield() }
        do { try body(number) } catch { failure.withLock { $0 = $0 ?? error } }
    }
}
