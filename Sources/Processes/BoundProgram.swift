import CProcess
import Files
import Glibc

/// Runs a program and returns its output. The program ends at the latest with its timeout or with this process, even if this
/// process is killed (prctl(2), PR_SET_PDEATHSIG). It has no terminal.
package enum BoundProgram {
    /// The reason why there is no result.
    package enum Failure: Error, Equatable {
        case notStarted(errno: Int32)
        case timedOut
        /// The program printed more than the limit.
        case tooLong
    }

    /// The result of a program that ended by itself.
    package struct Outcome: Sendable, Equatable {
        /// The exit status, or 128 plus the number of the signal that ended the program.
        package var status: Int32
        package var output: [UInt8]
        /// Standard error; empty if it was not asked for.
        package var errors: [UInt8] = []

        package init(status: Int32, output: [UInt8], errors: [UInt8] = []) {
            (self.status, self.output, self.errors) = (status, output, errors)
        }
    }

    /// Runs the program and waits for it. That blocks the calling thread, because the kernel binds the program to it.
    ///
    /// - Parameters:
    ///   - program: an absolute path.
    ///   - environment: the complete environment.
    ///   - directory: the working directory; nil means that of this process.
    ///   - input: the standard input, at most 1 MiB; nil means /dev/null.
    ///   - readsErrors: whether standard error is returned, too. If not, it is /dev/null.
    ///   - limit: the most bytes that the program may print, on each of both streams.
    package static func run(
        _ program: String, _ arguments: [String], environment: [String: String], in directory: String? = nil,
        input: [UInt8]? = nil, readsErrors: Bool = false, limit: Int, within patience: Duration
    ) throws(Failure) -> Outcome {
        let end = ContinuousClock.now + patience
        let inputEnd = input.map { Descriptors.pipe(holding: $0) ?? -1 }
        defer { if let inputEnd, inputEnd >= 0 { close(inputEnd) } }
        if inputEnd == -1 { throw .notStarted(errno: E2BIG) }
        var (output, errors): (CInt, CInt) = (-1, -1)
        let child = unsafe CStrings.with([program] + arguments) { argv in
            unsafe CStrings.with(environment.map { $0.key + "=" + $0.value }) { envp in
                readsErrors
                    ? unsafe keyfob_start_bound(program, argv, envp, directory, inputEnd ?? -1, &output, &errors)
                    : unsafe keyfob_start_bound(program, argv, envp, directory, inputEnd ?? -1, &output, nil)
            }
        }
        guard child > 0 else { throw .notStarted(errno: errno) }
        defer { for descriptor in [output, errors] where descriptor >= 0 { close(descriptor) } }
        do throws(Failure) {
            let printed = try read([output, errors], limit, end)
            return Outcome(status: try status(of: child, end), output: printed[0], errors: printed[1])
        } catch {
            stop(child)
            throw error
        }
    }

    /// The standard output of a program as text, at most 64 KiB, in the C.UTF-8 locale. Returns nil if the program cannot be
    /// started, fails, does not end within ten seconds, or prints text that is not UTF-8.
    package static func text(of program: String, _ arguments: [String], environment: [String: String]) -> String? {
        let outcome = try? run(
            program, arguments, environment: environment.merging(["LC_ALL": "C.UTF-8"]) { $1 }, limit: 65_536,
            within: .seconds(10))
        guard let outcome, outcome.status == 0 else { return nil }
        return String(validating: outcome.output, as: UTF8.self)
    }

    /// Reads both descriptors to their ends; -1 stands for none. Returns the bytes of each.
    private static func read(
        _ descriptors: [CInt], _ limit: Int, _ end: ContinuousClock.Instant
    ) throws(Failure) -> [[UInt8]] {
        var bytes = descriptors.map { _ in [UInt8]() }
        // poll(2) ignores negative descriptors.
        var requests = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while requests.contains(where: { $0.fd >= 0 }) {
            let count = unsafe poll(&requests, nfds_t(requests.count), milliseconds(until: end))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .timedOut }
            for index in requests.indices where requests[index].fd >= 0 && requests[index].revents != 0 {
                let piece = Descriptors.read(requests[index].fd, &buffer) ?? []
                if piece.isEmpty { requests[index].fd = -1 }
                bytes[index] += piece
                guard bytes[index].count <= limit else { throw .tooLong }
            }
        }
        return bytes
    }

    /// Waits for the exit status. A program that has closed its output usually ends at once, but not always.
    private static func status(of child: pid_t, _ end: ContinuousClock.Instant) throws(Failure) -> Int32 {
        var status: CInt = 0
        while true {
            let ended = unsafe waitpid(child, &status, WNOHANG)
            if ended == child { break }
            if ended < 0, errno != EINTR { throw .notStarted(errno: errno) }
            guard ContinuousClock.now < end else { throw .timedOut }
            usleep(200)
        }
        let signal = status & 0x7F  // wait(2): WTERMSIG, and WEXITSTATUS if there was no signal
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }

    /// Ends the program with all processes that it started: SIGTERM, so that it can clean up, and after one second SIGKILL.
    private static func stop(_ child: pid_t) {
        kill(-child, SIGTERM)
        let end = ContinuousClock.now + .seconds(1)
        while !hasEnded(child), ContinuousClock.now < end { usleep(1000) }
        kill(-child, SIGKILL)
        var status: CInt = 0
        while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
    }

    /// Whether the program has ended. It stays a zombie, so that no other process group can get its number.
    private static func hasEnded(_ child: pid_t) -> Bool {
        var info = unsafe siginfo_t()
        return unsafe waitid(P_PID, id_t(child), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_signo != 0
    }

    private static func milliseconds(until end: ContinuousClock.Instant) -> CInt {
        let (seconds, attoseconds) = (end - ContinuousClock.now).components
        return CInt(clamping: max(0, seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1))
    }
}

enum CStrings {
    /// Passes `strings` to `body` as a NULL-ended array of C strings.
    static func with<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = unsafe strings.map { unsafe strdup($0) }
        defer { unsafe copies.forEach { unsafe free($0) } }
        return unsafe body(copies + [nil])
    }
}
