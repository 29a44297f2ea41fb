import ArgumentParser
import Console
import CredentialProtocol
import Doors
import Files
import Glibc
import KeyfobCore
import OAuth
import Synchronization

/// Where the steps of a run are told: to the person who said `--verbose`, and where `KEYFOB_TRACE` says, as git's trace
/// variables do (git(1), `GIT_TRACE`): `1` or `true` is standard error, a number from 2 to 9 a descriptor that the caller
/// opened, an absolute path a file that is appended to.
enum TraceOutput {
    /// Who is told.
    static func tracer(isVerbose: Bool) -> Tracer {
        let value = Environment.variable("KEYFOB_TRACE") ?? ""
        let place = isVerbose && isStandardError(value) ? nil : descriptor(value)
        guard isVerbose || place != nil else { return .none }
        let tracer = Tracer { time, step in
            let line = "\(Tracer.seconds(time))  \(step)"
            if isVerbose { Terminal.say(line) }
            guard let place else { return }
            if place == STDERR_FILENO { return Terminal.say(line) }
            // In one piece, so that processes that share a file do not mix their lines.
            Terminal.write("\(clock()) keyfob[\(getpid())]: \(line)\n", to: place)
        }
        tracer.note("keyfob \(Keyfob.configuration.version)")
        return tracer
    }

    private static func isStandardError(_ value: String) -> Bool { ["1", "2", "true"].contains(value.lowercased()) }

    /// nil: nobody is to be told, or nobody can be.
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

    /// What the caller opened: the runtime has descriptors of its own before `main`, all of them closed by exec(2), as no
    /// inherited one is. A copy, so that nothing that is opened later is taken for it.
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

    /// Once, however many questions the process answers.
    private static func complain(_ what: String) -> Int32? {
        if !hasComplained.exchange(true, ordering: .relaxed) { Terminal.say(what + "; there is no trace") }
        return nil
    }

    /// The time of the day here.
    private static func clock() -> String {
        var now = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &now)
        let thousandths = "\(1000 + now.tv_nsec / 1_000_000)".dropFirst()
        return Messages.localTime(Int64(now.tv_sec), "%T") + "." + thousandths
    }
}

extension Tracer {
    /// Words for a request: what was asked, what came, and how long it took.
    func note(_ report: ReportingTransport.Report) {
        let outcome =
            switch report.outcome {
            case .success(let status): "\(status)"
            case .failure(let error): "no answer: \(Report(error).message)"
            }
        note("\(report.method) \(report.place) \(outcome), \(Self.seconds(report.duration))")
    }
}

/// What commands have that say their steps.
struct Verbosity: ParsableArguments {
    @Flag(name: [.customShort("v"), .customLong("verbose")], help: "Say each step and its time on standard error.")
    var isOn = false
}
