import Glibc
import Processes
import Testing

@Suite struct `The program that asks for a credential` {
    /// The name of the program that asks, if `names` are its process and the parents, nearest first.
    private func name(above names: [String]) -> String? {
        AskingProgram.name(above: 100) { id in
            let place = Int(id) - 100
            return names.indices.contains(place) ? (names[place], place + 1 < names.count ? id + 1 : 1) : nil
        }
    }

    @Test(
        arguments: [
            (["code", "systemd"], "code"),
            (["git", "sh", "git-remote-https", "git", "code", "gnome-shell"], "code"),
            (["git-credential-keyfob", "git", "bash", "emacs"], "emacs"),
            (["docker-credential-keyfob", "docker"], "docker"),
            // Only git and shells: started by a timer
            (["git", "sh", "systemd"], nil), (["git", "sh"], nil), ([], nil),
            // Names that begin like git or a shell
            (["git", "gitg"], "gitg"), (["bash-completion-server"], "bash-completion-server"),
        ] as [([String], String?)])
    func `is the nearest parent that a user would recognise`(_ names: [String], _ expected: String?) {
        #expect(name(above: names) == expected)
    }

    /// The processes from the nearest parent upwards, each with its program and arguments.
    @Test(
        arguments: [
            (["python3.11 -s /usr/bin/terraform-wrapper apply"], "terraform-wrapper"),
            (["python3 -W ignore -m pipx run"], "pipx"),
            (["java -cp /a:/b -Xmx2g com.example.Main"], "com.example.Main"),
            (["java -Dx=y -jar /opt/agent/agent.jar --once"], "agent.jar"),
            (["nodejs --require ./hook.js /srv/app/deploy.mjs"], "deploy.mjs"),
            (["electron25 /usr/lib/editor/editor.js"], "editor.js"), (["perl -w /usr/bin/gitk-log"], "gitk-log"),
            (["ruby3.1 -I lib bin/rake"], "rake"),
            // A script given as an argument: the program above counts.
            (["python3 -c x", "gnome-builder"], "gnome-builder"), (["node -e x", "sh", "code"], "code"),
            (["perl -e x", "systemd"], nil), (["python3"], nil),
            // A script of git's own, and programs that were never files.
            (["git", "python3 /usr/lib/git-core/git-remote-hg", "git", "emacs"], "emacs"),
            (["memfd:xyz", "runner"], "runner"), (["memfd:xyz", "systemd"], nil),
            // Names that only begin like an interpreter's.
            (["java-tool"], "java-tool"), (["nodemon"], "nodemon"), (["perlbrew x"], "perlbrew"),
        ] as [([String], String?)])
    func `is the script and not its interpreter`(_ lines: [String], _ expected: String?) {
        let processes = lines.map { $0.split(separator: " ").map(String.init) }
        let name = AskingProgram.name(above: 100) { id in
            let place = Int(id) - 100
            return processes.indices.contains(place) ? (processes[place][0], id + 1) : nil
        } arguments: {
            Array(processes[Int($0) - 100].dropFirst())
        }
        #expect(name == expected)
    }

    @Test func `is looked for in a limited number of parents`() {
        #expect(AskingProgram.name(above: 100) { id in ("git", id) } == nil)
    }

    @Test func `is read from /proc`() throws {
        let parent = try #require(AskingProgram.process(getpid()))
        #expect(parent.parent == getppid())
        #expect(parent.name.hasPrefix("swiftpm-") || parent.name.contains("Tests") || parent.name == "xctest")
        #expect(AskingProgram.process(-1) == nil)
        #expect(AskingProgram.arguments(getpid()) == Array(CommandLine.arguments.dropFirst()))
        #expect(AskingProgram.arguments(-1) == [])
    }
}
