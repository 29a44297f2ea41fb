import Glibc
import Processes
import Synchronization
import Testing

@Suite struct `The processes that wait for keyfob` {
    /// Processes by their number: name and parent.
    private typealias Processes = [Int32: (name: String, parent: Int32)]

    /// keyfob is process 100, and `names` are its parents, nearest first.
    private static func above(_ names: [String]) -> Processes {
        var all: Processes = [100: ("keyfob-main", names.isEmpty ? 1 : 101)]
        for (index, name) in names.enumerated() {
            let id = Int32(101 + index)
            all[id] = (name, index + 1 < names.count ? id + 1 : 1)
        }
        return all
    }

    /// The processes without the one at `index` above keyfob: its child has the parent 1.
    private static func ending(_ index: Int, of all: Processes) -> Processes {
        let ended = Int32(101 + index)
        var left = all
        left[ended] = nil
        for (id, process) in left where process.parent == ended { left[id] = (process.name, 1) }
        return left
    }

    static let fetch = ["git", "sh", "git-remote-https", "git", "git", "bash", "xterm"]

    @Test(
        arguments: [
            // The parent always counts.
            (["python3", "bash"], [0], false), (["sh", "emacs"], [0], false), (["bash", "xterm"], [0], false),
            // All parts of a git count, up to the one that the user has started.
            (fetch, [0, 1, 2, 3, 4], false), (["git", "git-remote-http", "git", "code"], [0, 1, 2], false),
            // A shell above git does not count, and nothing above another program.
            (["git", "bash", "git"], [0, 1, 2], false), (["docker", "git"], [0], false),
            // The caller of `git credential`
            (["git", "sh", "git", "code", "systemd"], [0, 1, 2, 3], true),
        ] as [([String], [Int], Bool)])
    func `are its parent and all parts of the same git`(_ names: [String], _ counting: [Int], _ passesOn: Bool) {
        let all = Self.above(names)
        let chain = CallerChain(of: 100, process: { all[$0] }, passesOn: { _ in passesOn })
        #expect(!chain.isBroken { all[$0] })
        for index in names.indices {
            let left = Self.ending(index, of: all)
            #expect(chain.isBroken { left[$0] } == counting.contains(index), "\(names[index]) \(index)")
        }
    }

    @Test func `are none if the system does not show them`() {
        let chain = CallerChain(of: 100, process: { _ in nil }, passesOn: { _ in true })
        #expect(!chain.isBroken { _ in nil })
    }

    @Test func `are read from /proc`() {
        #expect(!CallerChain().isBroken())
        #expect(CallerChain().isBroken { _ in ("other", 1) })
        #expect(!CallerChain.isCredentialCommand(getpid()))
    }
}
