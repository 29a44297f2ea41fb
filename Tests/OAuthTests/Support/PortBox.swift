import Synchronization

/// A port that a script needs before only the running server knows it.
final class PortBox: Sendable {
    private let value = Mutex(0)

    var port: Int {
        get { value.withLock { $0 } }
        set { value.withLock { $0 = newValue } }
    }
}
