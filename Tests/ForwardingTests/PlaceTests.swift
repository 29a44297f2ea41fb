import Addresses
import CredentialProtocol
import Files
import Forwarding
import Glibc
import Testing

/// A directory of a test.
enum TemporaryPlace {
    static func run(_ body: (String) throws -> Void) throws {
        let directory = "/tmp/keyfob-forwarding-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try OwnDirectory.make(directory)
        defer { remove(directory) }
        try body(directory)
    }

    private static func remove(_ directory: String) {
        for name in OwnDirectory.names(in: directory) where name != "." && name != ".." {
            let path = directory + "/" + name
            if (try? FileStatus(of: path, followsLink: false))?.kind == .directory { remove(path) }
            (try? OpenFile(directory: directory))?.delete(name)
        }
        Paths.deleteDirectory(directory)
    }
}

/// Where a forward has its sockets, and what is passed from one process to the next.
@Suite struct PlaceTests {
    @Test(arguments: [
        "/run/user/1000/keyfob/agent.sock\n", "/home/alice/.cache/keyfob/agent.sock",
    ])
    func `The other machine says where the socket belongs`(output: String) {
        #expect(FarPath.path(in: Array(output.utf8)) == output.split(separator: "\n").first.map(String.init))
    }

    @Test(arguments: [
        "", "\n", "keyfob/agent.sock", "/tmp/agent.sock", "/run/a:/etc/passwd/keyfob/agent.sock",
        "/run/\u{1B}[2J/keyfob/agent.sock", "/run/a b/keyfob/agent.sock", "/a/keyfob/agent.sock\n/b/keyfob/agent.sock",
        "/\(String(repeating: "a", count: 100))/keyfob/agent.sock",
    ])
    func `No other words of that machine are a path`(output: String) {
        #expect(FarPath.path(in: Array(output.utf8)) == nil)
    }

    @Test(arguments: [
        ("build", true), ("alice@10.0.0.1", true), ("-oProxyCommand=x", false), ("", false), ("a b", false),
    ])
    func `A destination is no option for ssh`(text: String, isDestination: Bool) {
        #expect(FarPath.isDestination(text) == isDestination)
    }

    @Test func `The agent reads the command line that keyfob-main has written`() throws {
        var options = AgentRun.Options()
        (options.name, options.runtime, options.log, options.ready) = ("far", "/run", "/log", "ready")
        options.allowed = [try #require(Allowance("https://alice@git.example.com/group"))]
        (options.passwordHosts, options.scopes, options.users) = (["a.example.com"], ["read", "write"], [100_999])
        (options.seconds, options.ssh, options.sshOptions) = (60, "/usr/bin/ssh", ["-p", "22", "--", "x"])
        #expect(AgentRun.Options(options.arguments) == options)
    }

    @Test(arguments: [
        [], ["--name"], ["--name", "x"], ["--name", "x", "--runtime", "run", "--log", "/l"],
        ["--name", "x", "--runtime", "/r", "--log", "/l", "--allow", "x"],
        ["--name", "x", "--runtime", "/r", "--log", "/l", "--more", "x"],
    ])
    func `It refuses every other command line`(arguments: [String]) {
        #expect(AgentRun.Options(arguments) == nil)
    }

    @Test func `One agent at a time has a place, and others see it`() throws {
        try TemporaryPlace.run { runtime in
            let place = ForwardPlace(runtime: runtime, name: "alice@build.example.com")
            let held = try #require(try place.take(allowed: ["https://git.example.com"], now: 7))
            #expect(try ForwardPlace(runtime: runtime, name: place.name).take(allowed: [], now: 8) == nil)
            let running = try #require(ForwardPlace.running(runtime: runtime).first)
            #expect((running.name, running.process, running.since) == (place.name, getpid(), 7))
            #expect(running.allowed == ["https://git.example.com"])
            held.release()
            #expect(ForwardPlace.running(runtime: runtime) == [])
            place.clear()
            #expect(!Paths.exists(place.directory))
        }
    }

    @Test(arguments: ["../../etc", "a/b", "..", "a\nb"])
    func `The name of a forward leads to no other directory`(name: String) {
        let directory = ForwardPlace(runtime: "/run/keyfob", name: name).directory
        #expect(directory.hasPrefix("/run/keyfob/forward/"))
        #expect(!directory.dropFirst("/run/keyfob/forward/".count).contains("/"))
        #expect(!directory.hasSuffix("/.."))
    }
}
