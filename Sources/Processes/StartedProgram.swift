import CProcess
import Files
import Glibc

/// A program that runs while its caller does other things. The caller waits for ``output`` or ``end`` with poll(2).
///
/// The kernel binds the program to the thread that started it, so that thread must not end before the program.
package struct StartedProgram: Sendable {
    package let process: Int32
    /// The reading end of its standard output; -1 if the caller did not ask for that.
    package let output: CInt
    /// Readable once the program has ended; -1 if the kernel has no such descriptor.
    package let end: CInt
    /// Whether it leads a process group of its own.
    private let isLeader: Bool

    /// Starts a program without a terminal, in a session of its own. It ends with this process, even if this process is killed.
    /// Standard error is /dev/null.
    ///
    /// - Parameters:
    ///   - program: an absolute path.
    ///   - arguments: with the program's name.
    ///   - input: the standard input, at most 1 MiB.
    package static func apart(
        _ program: String, _ arguments: [String], input: [UInt8]
    ) throws(BoundProgram.Failure) -> StartedProgram {
        guard let inputEnd = Descriptors.pipe(holding: input) else { throw .notStarted(errno: E2BIG) }
        defer { close(inputEnd) }
        var output: CInt = -1
        let child = unsafe CStrings.with(arguments) { argv in
            unsafe keyfob_start_bound(program, argv, nil, nil, inputEnd, &output, nil)
        }
        guard child > 0 else { throw .notStarted(errno: errno) }
        return StartedProgram(process: child, output: output, end: keyfob_watch_child(child), isLeader: true)
    }

    /// Starts a program that the user sees: it has this process's terminal and standard error. It is asked to end
    /// (SIGTERM) when this process ends.
    ///
    /// - Parameter readsOutput: whether ``output`` has its standard output. If not, that is this process's.
    package static func beside(
        _ program: String, _ arguments: [String], readsOutput: Bool = false
    ) throws(BoundProgram.Failure) -> StartedProgram {
        var ends: [CInt] = [-1, -1]
        if readsOutput { guard unsafe pipe(&ends) == 0 else { throw .notStarted(errno: errno) } }
        let child = unsafe CStrings.with(arguments) { unsafe keyfob_start_beside(program, $0, ends[1]) }
        if ends[1] >= 0 { close(ends[1]) }
        guard child > 0 else {
            if ends[0] >= 0 { close(ends[0]) }
            throw .notStarted(errno: errno)
        }
        return StartedProgram(process: child, output: ends[0], end: keyfob_watch_child(child), isLeader: false)
    }

    /// The exit status, or 128 plus the number of the signal that ended the program; nil if it runs. After it was
    /// returned once, it must not be asked for again.
    package func status() -> Int32? {
        var status: CInt = 0
        guard unsafe waitpid(process, &status, WNOHANG) == process else { return nil }
        let signal = status & 0x7F  // wait(2): WTERMSIG, and WEXITSTATUS if there was no signal
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }

    /// Asks the program to end, with the processes in its group; or ends them at once.
    package func stop(atOnce: Bool = false) {
        kill(isLeader ? -process : process, atOnce ? SIGKILL : SIGTERM)
    }

    /// Closes the descriptors.
    package func closeDescriptors() {
        for descriptor in [output, end] where descriptor >= 0 { close(descriptor) }
    }
}
