import Synchronization

/// Runs tasks like any executor, and counts how often one became ready: when it starts, and after each suspension.
///
/// So a test can see, without waiting, that a task has looked at something and now waits.
final class CountingExecutor: TaskExecutor {
    private let count = Mutex(0)

    /// How many jobs have become ready so far.
    var jobs: Int { count.withLock { $0 } }

    func enqueue(_ job: consuming ExecutorJob) {
        count.withLock { $0 += 1 }
        globalConcurrentExecutor.enqueue(UnownedJob(job))
    }
}
