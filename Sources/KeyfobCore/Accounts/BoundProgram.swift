import CProcess
import Glibc

/// Runs a program that answers on standard output, and that ends with its deadline and with this process, also where that
/// is killed (prctl(2), PR_SET_PDEATHSIG).
enum BoundProgram {
    /// Why there is no answer.
    enum Failure: Error, Equatable {
        case notStarted(errno: Int32)
        case timedOut
        /// It printed more than it may.
        case tooLong
    }

    /// The end of a program that ended by itself.
    struct Outcome: Equatable {
        /// The exit status; 128 and the number of the signal that ended it.
        var status: Int32
        var output: [UInt8]
    }

    /// Runs the program and waits for it, which blocks the calling thread: the kernel binds the program to that thread.
    ///
    /// - Parameters:
    ///   - program: an absolute path.
    ///   - environment: all of it.
    ///   - directory: its working directory; nil for that of this process.
    ///   - limit: the most that it may print, in bytes.
    static func run(
        _ program: String, _ arguments: [String], environment: [String: String], in directory: String? = nil,
        limit: Int, within patience: Duration
    ) throws(Failure) -> Outcome {
        let end = ContinuousClock.now + patience
        var output: CInt = -1
        let child = start(program, arguments, environment, directory, &output)
        guard child > 0 else { throw .notStarted(errno: errno) }
        defer { close(output) }
        do throws(Failure) {
            let bytes = try read(output, limit, end)
            return Outcome(status: try status(of: child, end), output: bytes)
        } catch {
            kill(-child, SIGKILL)
            kill(child, SIGKILL)  // it may not have got to a session of its own yet
            var status: CInt = 0
            while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
            throw error
        }
    }

    private static func start(
        _ program: String, _ arguments: [String], _ environment: [String: String], _ directory: String?,
        _ output: inout CInt
    ) -> pid_t {
        unsafe withCStrings([program] + arguments) { argv in
            unsafe withCStrings(environment.map { $0.key + "=" + $0.value }) { envp in
                unsafe keyfob_start_bound(program, argv, envp, directory, &output)
            }
        }
    }

    private static func read(
        _ descriptor: CInt, _ limit: Int, _ end: ContinuousClock.Instant
    ) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let count = unsafe poll(&request, 1, milliseconds(until: end))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .timedOut }
            let length = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            if length < 0, errno == EINTR { continue }
            guard length > 0 else { return bytes }
            bytes += buffer[..<length]
            guard bytes.count <= limit else { throw .tooLong }
        }
    }

    /// Waits for the exit status. A program that has closed its output usually ends at once, but it need not.
    private static func status(of child: pid_t, _ end: ContinuousClock.Instant) throws(Failure) -> Int32 {
        var status: CInt = 0
        while true {
            let ended = unsafe waitpid(child, &status, WNOHANG)
            if ended == child { break }
            if ended < 0, errno != EINTR { throw .notStarted(errno: errno) }
            guard ContinuousClock.now < end else { throw .timedOut }
            usleep(200)
        }
        let signal = status & 0x7F  // wait(2): WTERMSIG, and WEXITSTATUS where there was none
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }

    private static func milliseconds(until end: ContinuousClock.Instant) -> CInt {
        let (seconds, attoseconds) = (end - ContinuousClock.now).components
        return CInt(clamping: max(0, seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1))
    }

    /// Lends `strings` as a NULL-ended array of C strings.
    private static func withCStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = unsafe strings.map { unsafe strdup($0) }
        defer { unsafe copies.forEach { unsafe free($0) } }
        return unsafe body(copies + [nil])
    }
}
