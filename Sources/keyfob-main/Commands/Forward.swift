import Addresses
import ArgumentParser
import Console
import CredentialProtocol
import Files
import Forwarding
import Glibc
import Processes
import Secrets
import Setup

/// `keyfob forward HOST`: lets another machine, or a container, use the sign-ins of this one.
struct Forward: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forward",
        abstract: "Let another machine or a container use your sign-ins here, while this command runs.",
        discussion: """
            The other machine needs only the file keyfob, under the name git-credential-keyfob for git. It gets access \
            tokens, and nothing that stays valid for long. keyfob asks you about each service that --allow does not name.
            """)

    @Argument(help: "The other machine, as ssh knows it; with --container, a name for the container.")
    var destination: String?

    @Option(
        help: "A service that the other machine may use without a question; may be repeated.", completion: .services)
    var allow: [String] = []

    @Option(
        name: .customLong("scope"),
        help: "A scope that the tokens may have; may be repeated. The server then narrows them to these scopes.")
    var scopes: [String] = []

    @Option(name: .customLong("for"), help: "The time after which the forward ends, for example 8h or 30m.")
    var lifetime: String?

    @Option(help: "A host of which stored passwords may leave this machine, too; may be repeated.")
    var passwords: [String] = []

    @Flag(help: "Listen for a container, and print how to mount the socket there.")
    var container = false

    @Option(name: .customLong("user"), help: "The number of another user who may connect, as a container has them.")
    var users: [UInt32] = []

    @Flag(name: .customLong("no-ssh"), help: "Only listen: ssh forwards the socket with the lines of --print.")
    var noSSH = false

    @Flag(help: "Copy the file keyfob to the other machine, and make git there use it, after your yes.")
    var install = false

    @Flag(help: "With --install: do not ask.")
    var yes = false

    @Flag(help: "Print lines for ~/.ssh/config and a unit for systemd, or the options for containers, and end.")
    var print = false

    @Flag(help: "List the forwards that run.")
    var list = false

    @Flag(help: "End the forward to the other machine, or all of them.")
    var stop = false

    @Argument(parsing: .postTerminator, help: "Options for ssh, after --.")
    var options: [String] = []

    func validate() throws {
        if list || stop { return }
        guard let name = destination ?? (container ? "container" : nil) else {
            throw ValidationError("Give the other machine.")
        }
        guard FarPath.isDestination(name) else { throw ValidationError("The name of the machine is not valid.") }
        for text in allow where Allowance(text) == nil {
            throw ValidationError("--allow takes the URL of a service, not '\(Messages.address(text))'.")
        }
        for service in allow.compactMap({ Allowance($0)?.service }) {
            guard (try? EndpointURL(service.description)) != nil else {
                throw ValidationError("A token for \(service) would travel without TLS; --allow takes https.")
            }
        }
        if let lifetime, Self.seconds(lifetime) == nil {
            throw ValidationError("--for takes a time such as 8h, 30m or 1h30m.")
        }
        if !container, !users.isEmpty { throw ValidationError("--user needs --container.") }
        if container, install { throw ValidationError("--install needs a machine that ssh reaches.") }
        if print, !options.isEmpty {
            throw ValidationError("Write the options for ssh into ~/.ssh/config, beside the lines of --print.")
        }
        if container, !options.isEmpty { throw ValidationError("--container takes no options for ssh.") }
    }

    func run() async throws {
        do {
            if list { return try showAll() }
            if stop { return try stopOne() }
            let wanted = try wanted()
            if install { return try await installFar(wanted) }
            if print { return try StandardOutput.write(Array(try printed(wanted).utf8)) }
            if container { Terminal.write(Self.containerLines(place(wanted).directory)) }
            try become(wanted)
        } catch {
            throw Report(error).print()
        }
    }

    /// The forward that the command line describes.
    private func wanted() throws -> AgentRun.Options {
        try Environment.requireHome()
        var wanted = AgentRun.Options()
        wanted.name = destination ?? "container"
        wanted.runtime = Environment.runtimeDirectory
        wanted.log = ForwardLog.directory(variable: Environment.variable) ?? ""
        wanted.allowed = allow.compactMap { Allowance($0) }
        wanted.passwordHosts = passwords
        wanted.scopes = scopes.scopeTokens
        wanted.users = users
        wanted.seconds = lifetime.flatMap(Self.seconds)
        wanted.sshOptions = options
        if !container, !noSSH {
            guard let ssh = ExecutableSearch(path: Environment.variable("PATH")).path(of: "ssh") else {
                throw NoSuchProgram(name: "ssh")
            }
            wanted.ssh = ssh
        }
        wanted.ready = Self.ready(wanted)
        return wanted
    }

    private static func ready(_ wanted: AgentRun.Options) -> String {
        let known = wanted.allowed.isEmpty ? "" : " uses " + wanted.allowed.map(\.text).joined(separator: ", ") + " and"
        return "\(wanted.name)\(known) asks you for each other service; Ctrl-C ends this"
    }

    private func place(_ wanted: AgentRun.Options) -> ForwardPlace {
        ForwardPlace(runtime: wanted.runtime, name: wanted.name)
    }

    /// Replaces this process with the agent. Returns only by an error.
    private func become(_ wanted: AgentRun.Options) throws {
        let program = ProcessImage.directory + "/" + AgentPrograms.agent
        Exec.become(program, [AgentPrograms.agent] + wanted.arguments)
        throw NoSuchProgram(name: program)
    }

    /// Seconds in a time such as `8h`, `1h30m` or `90s`; nil if it is not one, or is 0.
    static func seconds(_ text: String) -> Int? {
        var (total, digits) = (0, "")
        for character in text.unicodeScalars {
            let unit: Int? =
                switch character {
                case "s": 1
                case "m": 60
                case "h": 3600
                case "d": 86_400
                default: nil
                }
            if let unit {
                guard let number = Int(digits), number <= 100_000 else { return nil }
                (total, digits) = (total + number * unit, "")
            } else {
                guard ("0"..."9").contains(character) else { return nil }
                digits.unicodeScalars.append(character)
            }
        }
        return digits.isEmpty && total > 0 ? total : nil
    }
}

// The forwards that run.
extension Forward {
    private func showAll() throws {
        let running = ForwardPlace.running(runtime: Environment.runtimeDirectory)
        let lines = running.map { forward in
            let since = Messages.localTime(forward.since, "%Y-%m-%d %H:%M")
            let allowed = forward.allowed.isEmpty ? "" : "  " + forward.allowed.joined(separator: " ")
            return "\(Messages.printable(forward.name))  since \(since)\(Messages.whole(allowed))\n"
        }
        try StandardOutput.write(Array(lines.isEmpty ? "no forward runs\n".utf8 : lines.joined().utf8))
    }

    private func stopOne() throws {
        let running = ForwardPlace.running(runtime: Environment.runtimeDirectory).filter {
            destination.map($0.name.isSame(as:)) ?? true
        }
        if running.isEmpty { throw CredentialProtocol.Report(.noCredential, "no such forward runs") }
        for forward in running { kill(forward.process, SIGTERM) }
    }
}

// What --install does.
extension Forward {
    private func installFar(_ wanted: AgentRun.Options) async throws {
        let door = Installation().path(of: "keyfob")
        Terminal.say(Messages.installation(wanted.name, door))
        if !yes {
            guard Terminal.isThere else {
                throw CredentialProtocol.Report(
                    .denied, "nothing was done: there is no terminal to ask on",
                    hints: ["to do it without a question: --yes"])
            }
            guard try await Terminal.confirms("do that? [y/N] ") else {
                Terminal.say("nothing was done")
                throw ExitCode(77)
            }
        }
        let arguments = FarPath.install(wanted.name, options, ssh: wanted.ssh ?? "ssh", door: door)
        let running = try StartedProgram.beside("/bin/sh", arguments)
        while true {
            if let status = running.status() {
                if status != 0 { throw ExitCode(status) }
                return
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

// What --print and --container print.
extension Forward {
    /// The options of docker and podman, and the lines of a devcontainer.json, which mount the directory of the socket: an
    /// agent that starts again makes another socket there.
    static func containerLines(_ directory: String) -> String {
        let mount = "type=bind,source=\(directory),target=/run/keyfob,readonly"
        return """
            # docker run, podman run:
            --mount \(ShellWords.quoted(mount))
            # devcontainer.json:
            "mounts": ["\(mount)"]

            """
    }

    private func printed(_ wanted: AgentRun.Options) throws -> String {
        let near = place(wanted)
        if container { return Self.containerLines(near.directory) }
        let far = try farPath(wanted)
        let words =
            [Installation().path(of: "keyfob"), "forward", wanted.name, "--no-ssh"]
            + allow.flatMap { ["--allow", $0] } + passwords.flatMap { ["--passwords", $0] }
            + scopes.scopeTokens.flatMap { ["--scope", $0] } + (lifetime.map { ["--for", $0] } ?? [])
        return """
            # ~/.ssh/config
            Host \(wanted.name)
                RemoteForward \(far) \(near.socket)
            # /etc/ssh/sshd_config of \(wanted.name), so that a second connection gets the socket after the first one:
            # StreamLocalBindUnlink yes

            # ~/.config/systemd/user/keyfob-forward.service
            [Unit]
            Description=keyfob forward \(wanted.name)
            [Service]
            ExecStart=\(ShellWords.line(words))
            Restart=on-failure
            [Install]
            WantedBy=default.target

            """
    }

    private func farPath(_ wanted: AgentRun.Options) throws -> String {
        guard let ssh = ExecutableSearch(path: Environment.variable("PATH")).path(of: "ssh") else {
            throw NoSuchProgram(name: "ssh")
        }
        let arguments = Array(FarPath.question(wanted.name, options).dropFirst())
        let outcome = try? BoundProgram.run(
            ssh, ["-o", "BatchMode=yes"] + arguments, environment: Environment.environment, limit: 65_536,
            within: .seconds(30))
        guard let path = FarPath.path(in: outcome?.output ?? []) else {
            throw CredentialProtocol.Report(
                .temporary, "\(wanted.name) gives no place for the socket",
                hints: ["this must work without a question: " + ShellWords.line(["ssh", wanted.name, "true"])])
        }
        return path
    }
}
