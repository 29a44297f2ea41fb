import ArgumentParser
import Console
import CredentialProtocol
import Doors
import Files
import Glibc
import KeyfobCore
import OAuth
import Synchronization

/// The places for a trace: standard error with `--verbose`, and the one in `KEYFOB_TRACE`, as in git's trace variables
/// (git(1), `GIT_TRACE`). Its value is `1`, `2` or `true` for standard error, a number from 3 to 9 for another file
/// descriptor that the caller opened, or the absolute path of a file, to which keyfob appends.
enum TraceOutput {
    /// A tracer that writes to these places.
    static func tracer(isVerbose: Bool) -> Tracer {
        let value = Environment.variable("KEYFOB_TRACE") ?? ""
        let place = isVerbose && isStandardError(value) ? nil : descriptor(value)
        guard isVerbose || place != nil else { return .none }
        let tracer = Tracer { time, step in
            let line = "\(Tracer.seconds(time))  \(step)"
            if isVerbose { Terminal.say(line) }
            guard let place else { return }
            if place == STDERR_FILENO { return Terminal.say(line) }
            // One write, so that processes that share a file do not mix their lines.
            Terminal.write("\(clock()) keyfob[\(getpid())]: \(line)\n", to: place)
        }
        tracer.note("keyfob \(Keyfob.configuration.version)")
        return tracer
    }

    private static func isStandardError(_ value: String) -> Bool { ["1", "2", "true"].contains(value.lowercased()) }

    /// nil if there is no place, or it is unusable.
    private static func descriptor(_ value: String) -> Int32? {
        if ["", "0", "false"].contains(value.lowercased()) { return nil }
        if isStandardError(value) { return STDERR_FILENO }
        if let number = Int32(value), (3...9).contains(number) {
            return inherited(number) ?? complain("descriptor \(number) of KEYFOB_TRACE is not open for writing")
        }
        guard value.hasPrefix("/") else {
            return complain("KEYFOB_TRACE is neither 1, a descriptor from 2 to 9, nor an absolute path")
        }
        return file(value) ?? complain("cannot write to the file that KEYFOB_TRACE names")
    }

    /// A copy of a descriptor that the caller opened, so that a file opened later is not mistaken for it. The runtime
    /// has its own descriptors before `main`. They are all close-on-exec; an inherited one never is.
    private static func inherited(_ number: Int32) -> Int32? {
        let (flags, status) = (fcntl(number, F_GETFD), fcntl(number, F_GETFL))
        guard flags >= 0, flags & FD_CLOEXEC == 0, status & O_ACCMODE != O_RDONLY else { return nil }
        let copy = fcntl(number, F_DUPFD_CLOEXEC, 10)
        return copy >= 0 ? copy : nil
    }

    /// A regular file of this user. Never a symbolic link, which another user may have made.
    private static func file(_ path: String) -> Int32? {
        guard let file = try? OpenFile(appendingTo: path), let status = try? file.status(), status.kind == .file,
            status.isOurs
        else { return nil }
        return file.detached()
    }

    private static let hasComplained = Atomic(false)

    /// Reports the problem once per process.
    private static func complain(_ what: String) -> Int32? {
        if !hasComplained.exchange(true, ordering: .relaxed) { Terminal.say(what + "; there is no trace") }
        return nil
    }

    /// The local time.
    private static func clock() -> String {
        var now = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &now)
        let thousandths = "\(1000 + now.tv_nsec / 1_000_000)".dropFirst()
        return Messages.localTime(Int64(now.tv_sec), "%T") + "." + thousandths
    }
}

extension Tracer {
    /// Describes a request: what was sent, the result, and how long it took.
    func note(_ report: ReportingTransport.Report) {
        let outcome =
            switch report.outcome {
            case .success(let status): "\(status)"
            case .failure(let error): "no answer: \(Report(error).message)"
            }
        note("\(report.method) \(report.place) \(outcome), \(Self.seconds(report.duration))")
    }

    /// Describes what discovery ignored.
    func note(_ remark: DiscoveryRemark) {
        switch remark {
        case .ignored(let member, let place): note("ignored \(member) of \(Messages.printable(place)): not usable")
        case .withoutFragment(let member, let place):
            note("ignored the fragment of the \(member) of \(Messages.printable(place))")
        case .skipped(let answer): note("no usable metadata at " + Report.words(answer))
        }
    }
}

/// The option of commands that can report their steps.
struct Verbosity: ParsableArguments {
    @Flag(name: [.customShort("v"), .customLong("verbose")], help: "Show each step and its time on standard error.")
    var isOn = false
}
