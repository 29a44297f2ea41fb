package import CredentialProtocol
import Files
import Glibc
import Processes
import Secrets

/// One run of the agent: from the command line that `keyfob-main` has checked, to the exit status.
package enum AgentRun {
    /// What `keyfob-main` passes on. Each option has one value.
    package struct Options: Sendable, Equatable {
        package var name = ""
        /// keyfob's runtime directory.
        package var runtime = ""
        /// The directory of the log.
        package var log = ""
        package var allowed: [Allowance] = []
        package var passwordHosts: [String] = []
        /// The only scopes that access tokens may have; empty for no such limit.
        package var scopes: [String] = []
        /// Users other than this one who may connect.
        package var users: [UInt32] = []
        package var seconds: Int?
        /// The path of ssh; nil if the agent only listens.
        package var ssh: String?
        package var sshOptions: [String] = []
        /// Values for a line that the user sees when the agent is ready.
        package var ready = ""

        package init() {}

        /// The command line of the agent after its name.
        package var arguments: [String] {
            var words = ["--name", name, "--runtime", runtime, "--log", log, "--ready", ready]
            for allowance in allowed { words += ["--allow", allowance.text] }
            for host in passwordHosts { words += ["--passwords", host] }
            for scope in scopes { words += ["--scope", scope] }
            for user in users { words += ["--user", String(user)] }
            if let seconds { words += ["--seconds", String(seconds)] }
            if let ssh { words += ["--ssh", ssh] }
            return words + ["--"] + sshOptions
        }

        /// Returns nil if the command line is not one of ``arguments``.
        package init?(_ arguments: [String]) {
            let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
            guard end % 2 == 0 else { return nil }
            sshOptions = Array(arguments[end...].dropFirst())
            for index in stride(from: 0, to: end, by: 2) {
                guard take(arguments[index], arguments[index + 1]) else { return nil }
            }
            guard !name.isEmpty, runtime.begins(with: "/"), log.begins(with: "/") else { return nil }
        }

        private mutating func take(_ option: String, _ value: String) -> Bool {
            switch option {
            case "--name": name = value
            case "--runtime": runtime = value
            case "--log": log = value
            case "--ready": ready = value
            case "--ssh": ssh = value
            case "--passwords": passwordHosts.append(value)
            case "--scope": scopes.append(value)
            case "--seconds":
                seconds = Int(value)
                return seconds != nil
            case "--user":
                guard let user = UInt32(value) else { return false }
                users.append(user)
            case "--allow":
                guard let allowance = Allowance(value) else { return false }
                allowed.append(allowance)
            default: return false
            }
            return true
        }
    }

    /// - Parameters:
    ///   - program: the path of `keyfob-main`.
    ///   - remembered: answers a request from kernel memory.
    /// - Returns: the exit status.
    package static func run(
        _ arguments: [String], program: String?, remembered: @escaping (CredentialRequest) -> CredentialResponse?
    ) -> Int32 {
        guard let options = Options(arguments), let program else { return say("the agent cannot be started", 64) }
        let place = ForwardPlace(runtime: options.runtime, name: options.name)
        do throws(FileError) {
            guard let held = try place.take(allowed: options.allowed.map(\.text), now: Int64(time(nil))) else {
                return say(
                    "a forward with this name runs already; to end it: keyfob forward --stop \(options.name)", 75)
            }
            let session = AgentSession(options: options, place: place, program: program, remembered: remembered)
            let status = HeldSignals.hold { session.run() }
            held.release()
            return status
        } catch {
            return say(error)
        }
    }

    static func say(_ error: FileError) -> Int32 { say(words(error), 78) }

    fileprivate static func words(_ error: FileError) -> String {
        "\(error.path): \(FileError.text(of: error.code ?? EACCES))"
    }

    /// Writes a line for the user.
    ///
    /// - Returns: the exit status.
    @discardableResult
    static func say(_ line: String, _ status: Int32 = 0) -> Int32 {
        let bytes = Array(("keyfob: " + Printable.whole(line) + "\n").utf8)
        BlockedSignal.during(SIGPIPE) { _ = Descriptors.write(bytes, to: STDERR_FILENO) }
        return status
    }
}

/// The agent with its ssh: from the question where the socket belongs on the other machine, to the end of the connection.
private struct AgentSession {
    let options: AgentRun.Options
    let place: ForwardPlace
    let program: String
    let remembered: (CredentialRequest) -> CredentialResponse?

    func run() -> Int32 {
        defer { place.clear() }
        var far: String?
        if let ssh = options.ssh {
            far = farPath(ssh)
            // ssh has said why there is no connection.
            if far == nil { return AgentRun.say("\(options.name) gives no place for the socket", 75) }
        }
        let listener: CInt
        do throws(FileError) {
            listener = try listen()
        } catch {
            return AgentRun.say(error)
        }
        defer { close(listener) }
        return serve(listener, far: far)
    }

    /// Only this user reaches the directory above. A container has its own users.
    private func listen() throws(FileError) -> CInt {
        guard Paths.setMode(place.directory, options.users.isEmpty ? 0o700 : 0o755) else {
            throw FileError(place.directory, .system(errno))
        }
        return try LocalSocket.listen(place.socket, mode: options.users.isEmpty ? 0o600 : 0o666)
    }

    private func serve(_ listener: CInt, far: String?) -> Int32 {
        var connection: StartedProgram?
        if let ssh = options.ssh, let far {
            let arguments = FarPath.forward(options.name, options.sshOptions, far: far, near: place.socket)
            connection = try? StartedProgram.beside(ssh, arguments)
            if connection == nil { return AgentRun.say("\(ssh) cannot be started", 69) }
        }
        let log = ForwardLog(directory: options.log)
        let settings = Agent.Settings(
            name: options.name, users: Set(options.users + [getuid()]), program: program,
            lifetime: options.seconds.map { .seconds($0) })
        let allowances = options.allowed.map { allowance in
            var allowance = allowance
            allowance.scopes = options.scopes
            return allowance
        }
        let gate = Gate(
            allowances, passwordHosts: options.passwordHosts, onlyScopes: options.scopes,
            namesOfAll: SharedUserNames.all)
        var isSilent = false
        let agent = Agent(settings, listener: listener, gate: gate, remembered: remembered) { entry in
            do throws(FileError) {
                try log.append(entry.line)
            } catch {
                // The log is what limits the other machine. Once is enough to know that it is missing.
                if !isSilent { AgentRun.say("the log cannot be written: " + AgentRun.words(error)) }
                isSilent = true
            }
        }
        if !options.ready.isEmpty { AgentRun.say(options.ready) }
        var ended: Int32?
        agent.serve(until: connection?.end ?? -1) {
            ended = ended ?? connection?.status()
            return ended != nil
        }
        if let ended {
            AgentRun.say("the connection to \(options.name) has ended")
            return ended
        }
        if let connection { stop(connection) }
        if !HeldSignals.isCaught { AgentRun.say("the time of the forward to \(options.name) is over") }
        return 0
    }

    /// Asks ssh to end, and waits for that at most two seconds.
    private func stop(_ connection: StartedProgram) {
        connection.stop()
        let end = ContinuousClock.now + .seconds(2)
        while connection.status() == nil {
            if end < .now { return connection.stop(atOnce: true) }
            usleep(10_000)
        }
    }

    /// Asks the other machine. The user may have to answer a question of ssh first.
    private func farPath(_ ssh: String) -> String? {
        let arguments = FarPath.question(options.name, options.sshOptions)
        guard let question = try? StartedProgram.beside(ssh, arguments, readsOutput: true) else { return nil }
        var (output, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 4096))
        while let piece = Descriptors.read(question.output, &buffer), !piece.isEmpty, output.count < 65_536 {
            output += piece
        }
        question.stop()
        question.closeDescriptors()
        var status = question.status()
        while status == nil {
            usleep(10_000)
            status = question.status()
        }
        return FarPath.path(in: output)
    }
}
