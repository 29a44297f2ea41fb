import Glibc
import Synchronization

/// Prints the demonstration's lines without buffering, so that they appear in the order of events.
enum Narrator {
    private static let turn = Mutex(())

    static func say(_ line: String) { write(line + "\n", to: STDOUT_FILENO) }

    /// A step's headline.
    static func step(_ number: Int, _ title: String) { say("\n\(number). \(title)") }

    /// A line below a headline.
    static func tell(_ line: String) { say("   " + line) }

    /// A command that is about to run, as a user would type it.
    static func command(_ line: String) { tell("$ " + line) }

    static func complain(_ line: String) { write("keyfob-demo: \(line)\n", to: STDERR_FILENO) }

    private static func write(_ text: String, to descriptor: Int32) {
        turn.withLock { _ in
            var bytes = Array(text.utf8)[...]
            while !bytes.isEmpty {
                let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
                guard count > 0 || errno == EINTR else { return }
                bytes = bytes.dropFirst(max(count, 0))
            }
        }
    }
}
