import Glibc
import Processes
import Testing

@Suite struct `The program that asks` {
    /// The name of the program above processes of these names, the nearest first.
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
            // Nobody but git and shells: a timer
            (["git", "sh", "systemd"], nil), (["git", "sh"], nil), ([], nil),
            // What only looks like git
            (["git", "gitg"], "gitg"), (["bash-completion-server"], "bash-completion-server"),
        ] as [([String], String?)])
    func `is the nearest that a person would know`(_ names: [String], _ expected: String?) {
        #expect(name(above: names) == expected)
    }

    @Test func `is looked for a while, and not for ever`() {
        #expect(AskingProgram.name(above: 100) { id in ("git", id) } == nil)
    }

    @Test func `is read from proc(5)`() throws {
        let parent = try #require(AskingProgram.process(getpid()))
        #expect(parent.parent == getppid())
        #expect(parent.name.hasPrefix("swiftpm-") || parent.name.contains("Tests") || parent.name == "xctest")
        #expect(AskingProgram.process(-1) == nil)
    }
}
