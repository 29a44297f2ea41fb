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

    @Test func `is looked for in a limited number of parents`() {
        #expect(AskingProgram.name(above: 100) { id in ("git", id) } == nil)
    }

    @Test func `is read from /proc`() throws {
        let parent = try #require(AskingProgram.process(getpid()))
        #expect(parent.parent == getppid())
        #expect(parent.name.hasPrefix("swiftpm-") || parent.name.contains("Tests") || parent.name == "xctest")
        #expect(AskingProgram.process(-1) == nil)
    }
}
