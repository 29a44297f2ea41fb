import Addresses
import ArgumentParser
import Console
import CredentialProtocol
import KeyfobCore
import Setup

/// Configures another program to use keyfob.
struct SetupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "setup",
        abstract: "Show how to make another program use keyfob, or make the change.",
        discussion: "Without a caller it lists the callers.")

    @Argument(
        help: "The program: git, docker, kubectl, cargo, ...", completion: .list(SetupCaller.all.map { $0.name }))
    var caller: String?

    @Argument(help: "The URL of the service; a host without a scheme means https.", completion: .services)
    var url: String?

    @Flag(help: "Show the change, ask, and make it; a copy of the old file stays beside it.")
    var apply = false

    @Flag(help: "With --apply: do not ask.")
    var yes = false

    @Flag(help: "Test it as that program would, without asking you, and report each step.")
    var check = false

    func validate() throws {
        if yes, !apply { throw ValidationError("--yes needs --apply.") }
        if apply, check { throw ValidationError("--apply and --check cannot be used together.") }
    }

    func run() async throws {
        do {
            guard let word = caller else { return try StandardOutput.write(Self.list) }
            guard let caller = SetupCaller.named(word) else { throw SetupFailure.unknownCaller(word) }
            try Environment.requireHome()
            let url = url.map(Self.address)
            let scene = SetupScene(
                url: try url.flatMap { try CredentialRequest(url: $0).url }, variables: Environment.environment,
                executable: "/proc/self/exe", configuration: try? Environment.configuration())
            if caller.needsURL, scene.url == nil, apply { throw SetupFailure.urlNeeded(caller: caller.name) }
            if check {
                let status = try await SetupCheck(caller: caller, scene: scene, report: { Report($0, about: url) })
                    .run()
                if status != 0 { throw ExitCode(status) }
                return
            }
            let run = SetupRun(caller: caller, scene: scene)
            try await apply ? run.apply(isAgreed: yes) : run.show()
            if caller.name == "git", let url { try await ForgeWalk(scene: scene, url: url).run() }
        } catch {
            throw Report(error, about: url.map(Self.address)).print()
        }
    }

    /// Users often give a registry as a host. Only loopback hosts mean http, because they have no certificate.
    private static func address(_ text: String) -> String {
        if text.contains("://") { return text }
        // ssh's form of a repository, `host:group/project`: after https:// its group would be read as a port.
        let authority = text.utf8.prefix { $0 != UInt8(ascii: "/") }
        if let colon = authority.lastIndex(of: UInt8(ascii: ":")), colon != authority.startIndex,
            !authority[colon...].dropFirst().allSatisfy({ (0x30...0x39).contains($0) }), authority.last != 0x5D
        {
            return text
        }
        let isLoopback = (try? ServiceURL("http://" + text))?.isLoopback == true
        return (isLoopback ? "http://" : "https://") + text
    }

    private static var list: [UInt8] {
        let width = SetupCaller.all.map(\.name.count).max() ?? 0
        let lines = SetupCaller.all.map { caller in
            caller.name + String(repeating: " ", count: width + 2 - caller.name.count) + caller.summary + "\n"
        }
        return Array(lines.joined().utf8)
    }
}
