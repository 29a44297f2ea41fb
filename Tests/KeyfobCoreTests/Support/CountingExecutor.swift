import Synchronization

/// Runs tasks as any executor does and counts how often one was made ready: when it starts, and after each suspension.
///
/// So a test can see that a task has looked at something and gone to wait, without waiting itself.
final class CountingExecutor: TaskExecutor {
    private let count = Mutex(0)

    /// How many jobs were made ready so far.
    var jobs: Int { count.withLock { $0 } }

    func enqueue(_ job: consuming ExecutorJob) {
        count.withLock { $0 += 1 }
        globalConcurrentExecutor.enqueue(UnownedJob(job))
    }
}
