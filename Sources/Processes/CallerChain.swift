import Files
import Glibc

/// The processes that wait for this one, as they were at the start: its parent, and above it all parts of the same git.
///
/// Git is several processes. If the user ends `git fetch`, its part `git-remote-https` does not notice, and waits for the
/// credential helper as before; only its parent is another one then. The program that started git does not count, because
/// git goes on without its shell. But it does for `git credential`, which only passes an answer on.
package struct CallerChain: Sendable {
    /// A process and its parent.
    private struct Link: Sendable {
        let process, parent: Int32
    }

    private let links: [Link]

    /// - Parameters:
    ///   - first: this process.
    ///   - process: returns the name and the parent of a process; tests replace it.
    ///   - passesOn: whether a git only passes an answer on.
    package init(
        of first: Int32 = getpid(), process: (Int32) -> (name: String, parent: Int32)? = AskingProgram.process,
        passesOn: (Int32) -> Bool = Self.isCredentialCommand
    ) {
        guard let itself = process(first) else {
            links = []
            return
        }
        var chain: [(link: Link, isGit: Bool)] = []
        var id = itself.parent
        while id > 1, chain.count < Self.most, let found = process(id) {
            let isGit = found.name == "git" || found.name.hasPrefix("git-")
            guard isGit || Self.shells.contains(found.name) else { break }
            chain.append((Link(process: id, parent: found.parent), isGit))
            id = found.parent
        }
        var links = [Link(process: first, parent: itself.parent)]
        if let top = chain.lastIndex(where: \.isGit) {
            links += chain[..<top].map(\.link)
            if passesOn(chain[top].link.process) { links.append(chain[top].link) }
        }
        self.links = links
    }

    /// Whether one of the processes has ended. What it had started then has another parent.
    ///
    /// - Parameter process: as in the initialiser.
    package func isBroken(process: (Int32) -> (name: String, parent: Int32)? = AskingProgram.process) -> Bool {
        links.contains { process($0.process)?.parent != $0.parent }
    }

    /// A git starts its helpers through a shell.
    private static let shells = ["sh", "dash", "bash", "busybox"]

    /// No chain is longer; it may change meanwhile.
    private static let most = 32

    /// Whether the process is `git credential`, with any options before its command.
    package static func isCredentialCommand(_ id: Int32) -> Bool {
        SystemFile.text("/proc/\(id)/cmdline")?.split(separator: "\0").contains("credential") == true
    }
}
