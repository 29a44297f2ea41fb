import FoundationEssentials
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Processes

@Suite(.timeLimit(.minutes(1)))
struct `The user's browser` {
    private static let address = "http://127.0.0.1:1/start?a=b&c=$(d)"
    private static let fallbacks = [["wslview", address], ["gio", "open", address], ["xdg-open", address]]

    private func launcher(_ browser: String?, path: String? = nil) -> BrowserLauncher {
        BrowserLauncher(search: ExecutableSearch(path: path), browser: browser, environment: ["PATH": "/usr/bin:/bin"])
    }

    @Test(
        arguments: [
            (nil, []), ("", []), (" ", []), (":", []), (" : ", []),
            ("firefox", [["firefox", address]]),
            ("firefox:lynx", [["firefox", address], ["lynx", address]]),
            ("firefox --new-window", [["firefox", "--new-window", address]]),
            // %s is replaced by the URL, also within a word
            ("open %s --wait", [["open", address, "--wait"]]),
            ("open --url=%s:lynx", [["open", "--url=" + address], ["lynx", address]]),
            ("open %s %s", [["open", address, address]]),
            // No shell interprets these
            ("sh;reboot", [["sh;reboot", address]]), ("a b;c|d>e", [["a", "b;c|d>e", address]]),
            ("a $(b) `c`", [["a", "$(b)", "`c`", address]]),
            // Quotation marks and backslashes, as in a shell
            ("a 'b c'", [["a", "b c", address]]), (#""/opt/My Browser/run" %s"#, [["/opt/My Browser/run", address]]),
            (#"/opt/My\ Browser/run --url="%s""#, [["/opt/My Browser/run", "--url=" + address]]),
            (#"a --title="x:y" '%s':b"#, [["a", "--title=x:y", address], ["b", address]]),
            (#""a""#, [["a", address]]), ("a 'b", [["a", "'b", address]]), (#"a "" %s"#, [["a", "", address]]),
            // As printf(1), and an old sign for the background
            ("a %% %s", [["a", "%", address]]), ("a 100%%", [["a", "100%%", address]]),
            ("a %s &", [["a", address]]), ("a\t%s", [["a", address]]), ("::a:", [["a", address]]),
        ] as [(String?, [[String]])])
    func `is the first program of $BROWSER that works, else one of the desktop`(
        _ browser: String?, _ commands: [[String]]
    ) {
        #expect(launcher(browser).commands(for: Self.address) == commands + Self.fallbacks)
    }

    @Test func `may have blanks in its path`() async throws {
        try await withTemporaryDirectory { directory in
            let program = directory + "/my browser"
            try write("", to: program)
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: program)
            #expect(launcher(" \(program) ").commands(for: Self.address).first == [program, Self.address])
            #expect(launcher(program + ":b").commands(for: Self.address).first == [program, Self.address])
        }
    }

    @Test func `does not open if no program can be started`() async throws {
        try await withTemporaryDirectory { directory in
            var failures: [BrowserLauncher.Failure] = []
            let browser = launcher("nothing:./here:here/too", path: directory)
            #expect(browser.open(Self.address) { failures.append($0) } == nil)
            #expect(failures == ["nothing", "./here", "here/too"].map { .missing(program: $0) })
            #expect(browser.missing == ["nothing", "./here", "here/too"])
            #expect(launcher(nil, path: directory).missing.isEmpty)
        }
    }

    @Test func `is opened by the desktop portal if no program can be started`() async throws {
        try await withTemporaryDirectory { directory in
            let opened = Mutex<[String]>([])
            func launcher(_ browser: String?, answers: Bool) -> BrowserLauncher {
                BrowserLauncher(
                    search: ExecutableSearch(path: directory), browser: browser, environment: [:],
                    portal: .init(
                        isThere: { answers },
                        open: { address in
                            opened.withLock { $0.append(address) }
                            return answers
                        }))
            }
            for answers in [true, false] {
                #expect(launcher("nothing", answers: answers).mightOpen == answers)
                #expect((launcher("nothing", answers: answers).open(Self.address) != nil) == answers)
            }
            // The test does not open this one: the program would stay a child of the test's process.
            #expect(launcher("/bin/true", answers: false).mightOpen)
            #expect(opened.withLock { $0 } == [Self.address, Self.address])
        }
    }

    @Test func `gets the URL as one argument, in its own session, and keyfob does not wait for it`() async throws {
        try await withTemporaryDirectory { directory in
            let script = """
                exec 3>"\(directory)/made"
                echo "$#" >&3
                echo "$1" >&3
                for descriptor in 0 1 2; do name=$(readlink "/proc/$$/fd/$descriptor"); echo "$name" >&3; done
                [ "$(ps -o sid= -p $$ | tr -d ' ')" = "$$" ] && echo alone >&3
                env | grep -c KEYFOB_ >&3
                mv "\(directory)/made" "\(directory)/done"
                """
            try write(script, to: directory + "/tool")
            // This runs in a process of its own, which ends like keyfob. Then the browser has no parent.
            await #expect(processExitsWith: .success) {
                [directory = directory as String, address = Self.address as String] in
                let launcher = BrowserLauncher(
                    search: ExecutableSearch(path: "/usr/bin:/bin"), browser: "absent:sh \(directory)/tool %s",
                    environment: ["PATH": "/usr/bin:/bin"])
                #expect(launcher.open(address) != nil)
            }
            let found = try await contents(of: directory + "/done")
            let null = "/dev/null"
            #expect(
                found.split(separator: "\n").map(String.init) == ["1", Self.address, null, null, null, "alone", "0"])
        }
    }

    @Test func `is the next program if one fails within two seconds`() async throws {
        try await withTemporaryDirectory { directory in
            let mine = directory + "/mine"
            try write("#!/bin/sh\ncd '\(directory)' && echo \"$1\" >made && mv made done\n", to: mine)
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: mine)
            // In a process of its own: a browser that outlives the wait stays its child.
            await #expect(processExitsWith: .success) {
                [directory = directory as String, address = Self.address as String] in
                let launcher = BrowserLauncher(
                    search: ExecutableSearch(path: "/usr/bin:/bin"),
                    browser: "false:sh -c 'exit 3':sh -c 'kill -9 $$':~/absent:~/mine",
                    environment: ["PATH": "/usr/bin:/bin", "HOME": directory])
                var failures: [BrowserLauncher.Failure] = []
                let opening = try #require(launcher.open(address) { failures.append($0) })
                #expect(try await launcher.follow(opening, for: .seconds(40)) { failures.append($0) })
                let shell = try #require(launcher.search.path(of: "sh"))
                #expect(
                    failures == [
                        .missing(program: directory + "/absent"),
                        .ended(program: try #require(launcher.search.path(of: "false")), status: 1),
                        .ended(program: shell, status: 3), .ended(program: shell, status: nil),
                    ])
            }
            #expect(try await contents(of: directory + "/done") == Self.address + "\n")
        }
    }

    @Test func `is none if each program fails`() async throws {
        try await withTemporaryDirectory { directory in
            _ = await #expect(processExitsWith: .success) {
                [directory = directory as String, address = Self.address as String] in
                let launcher = BrowserLauncher(
                    search: ExecutableSearch(path: directory), browser: "/bin/false:/bin/false", environment: [:])
                let opening = try #require(launcher.open(address))
                var failures = 0
                #expect(try await !launcher.follow(opening, for: .seconds(40)) { _ in failures += 1 })
                #expect(failures == 2)
            }
        }
    }

    /// Waits until the file exists, and returns its text. The suite's time limit ends the wait.
    private func contents(of file: String) async throws -> String {
        while unsafe access(file, R_OK) != 0 {
            try Task.checkCancellation()
            await Task.yield()
        }
        return try String(contentsOfFile: file, encoding: .utf8)
    }
}
