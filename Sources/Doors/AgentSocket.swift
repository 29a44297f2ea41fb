import CredentialProtocol
import Files
import Glibc

/// The socket at which the agent of `keyfob forward` answers: the user's sign-ins are on another machine, or outside of
/// this container.
struct AgentSocket {
    let path: String
    /// Whether `KEYFOB_SOCKET` names it. Otherwise it is at a well-known place.
    let isNamed: Bool

    /// The socket; nil if there is none. An empty `KEYFOB_SOCKET` switches the search off.
    ///
    /// Costs one system call for each place, because most machines have no such socket:
    ///
    /// - the runtime directory: `ssh -R` from a desktop;
    /// - the user's cache, if the machine has no runtime directories;
    /// - `/run/keyfob`: mounted into a container.
    static func find(variable: (String) -> String? = EnvironmentVariables.value(of:)) -> AgentSocket? {
        if let named = variable("KEYFOB_SOCKET") {
            return named.isEmpty ? nil : AgentSocket(path: named, isNamed: true)
        }
        let runtime = variable("XDG_RUNTIME_DIR").flatMap { $0.isEmpty ? nil : $0 }
        var places = [(runtime ?? "/run/user/\(getuid())") + "/keyfob"]
        if runtime == nil, let home = variable("HOME"), !home.isEmpty { places.append(home + "/.cache/keyfob") }
        places.append(system)
        return places.map { $0 + "/agent.sock" }.first(where: Paths.exists).map {
            AgentSocket(path: $0, isNamed: false)
        }
    }

    /// Whether only this user, root, or whoever made the container can have put the socket there. Another user's socket
    /// would give out tokens of that user, and see which services this one uses.
    var isTrusted: Bool {
        let directory = Paths.parent(of: path)
        guard let status = try? FileStatus(of: directory), status.kind == .directory, status.mode & 0o022 == 0 else {
            return false
        }
        // Only root can make this directory or mount something there. In a container its owner may be a user outside.
        if directory == Self.system { return true }
        guard let socket = try? FileStatus(of: path) else { return false }
        return [status, socket].allSatisfy { $0.isOurs || $0.owner == 0 }
    }

    private static let system = "/run/keyfob"
}

/// Questions to the agent, one a connection.
struct AgentCaller {
    let socket: AgentSocket
    /// The time limit of the caller for an answer; nil for none.
    let deadline: Duration?

    /// Why there is no answer. Nothing on this machine can mend it, so a line for the user is enough.
    struct Dead: Error { let reason: String }

    /// Asks one question.
    func ask(_ question: AgentQuestion) throws(Dead) -> AgentAnswer {
        guard let bytes = question.bytes else { throw Dead(reason: "the question is too large") }
        let connection = try connect()
        defer { close(connection) }
        // The agent greets without waiting for the question, and the question does not wait for the greeting.
        guard BlockedSignal.during(SIGPIPE, { Descriptors.write(bytes, to: connection) }) else {
            throw Dead(reason: FileError.text(of: errno))
        }
        var answer = try greeting(on: connection)
        let end = deadline.map { Uptime.milliseconds + Self.milliseconds($0) }
        while !AttributeLines.isComplete(answer) {
            answer += try piece(connection, before: end)
        }
        guard let answer = AgentAnswer(answer) else { throw Dead(reason: "its answer is not valid") }
        return answer
    }

    /// Makes sure that the agent is there.
    func greet() throws(Dead) {
        let connection = try connect()
        defer { close(connection) }
        _ = try greeting(on: connection)
    }

    /// In seconds. ssh(1) takes connections even if the network or the agent behind it is gone.
    private static let patience = 1

    private func connect() throws(Dead) -> CInt {
        guard socket.isTrusted else { throw Dead(reason: "others can write to its directory, or it is not there") }
        do throws(FileError) {
            return try LocalSocket.connect(socket.path, within: Self.patience)
        } catch {
            throw Dead(reason: error.code.map { FileError.text(of: $0) } ?? "it cannot be used")
        }
    }

    /// Reads until the version line is there.
    private func greeting(on connection: CInt) throws(Dead) -> [UInt8] {
        let end = Uptime.milliseconds + Int64(Self.patience) * 1000
        let line = Array((AgentQuestion.version + "\n").utf8)
        var bytes: [UInt8] = []
        while bytes.count < line.count { bytes += try piece(connection, before: end) }
        guard bytes.starts(with: line) else { throw Dead(reason: "it speaks another version of the protocol") }
        return bytes
    }

    private func piece(_ connection: CInt, before end: Int64?) throws(Dead) -> ArraySlice<UInt8> {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let left = end.map { $0 - Uptime.milliseconds }
            if let left, left <= 0 { throw Dead(reason: "it does not answer in time") }
            let wait = left.map { CInt(clamping: $0) } ?? -1
            guard Readiness.wait(for: [.init(connection)], wait)[0].isReady else { continue }
            guard let bytes = LocalSocket.receive(connection, &buffer), !bytes.isEmpty else {
                throw Dead(reason: "it has closed the connection")
            }
            return bytes
        }
    }

    private static func milliseconds(_ time: Duration) -> Int64 {
        let (seconds, attoseconds) = time.components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1
    }
}
