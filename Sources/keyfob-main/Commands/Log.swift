import ArgumentParser
import Console
import CredentialProtocol
import Files
import Forwarding
import Glibc

/// `keyfob log`: what other machines were given.
struct Log: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Show what other machines and containers got by keyfob forward.")

    @Flag(help: "Wait for further entries, until Ctrl-C.")
    var follow = false

    @Flag(help: "Print the entries as they are stored: one JSON object a line.")
    var json = false

    func run() async throws {
        do {
            guard let directory = ForwardLog.directory(variable: Environment.variable) else {
                return try Environment.requireHome()
            }
            var reader = Reader(ForwardLog(directory: directory))
            try show(reader.next())
            while follow {
                try await Task.sleep(for: .milliseconds(300))
                if StandardOutput.isClosed { return }
                try show(reader.next())
            }
        } catch {
            throw Report(error).print()
        }
    }

    private func show(_ lines: [[UInt8]]) throws {
        if lines.isEmpty { return }
        try StandardOutput.write(lines.flatMap { line in json ? line + [10] : Self.text(line) })
    }

    private static func text(_ line: [UInt8]) -> [UInt8] {
        guard let entry = LogEntry(line: line) else { return [] }
        let parts: [String?] = [
            Messages.localTime(entry.time, "%Y-%m-%d %H:%M:%S"), entry.destination, entry.operation, entry.outcome,
            entry.service, entry.username.map { "as " + $0 },
            entry.scopes.isEmpty ? nil : entry.scopes.joined(separator: " "),
            entry.count > 1 ? "(\(entry.count) times)" : nil,
        ]
        return Array((Messages.whole(parts.compactMap { $0 }.joined(separator: "  ")) + "\n").utf8)
    }

    /// Reads the lines of both generations, each once.
    private struct Reader {
        private let log: ForwardLog
        /// The generation that was read last, and how much of it.
        private var (inode, offset): (UInt64?, Int) = (nil, 0)

        init(_ log: ForwardLog) { self.log = log }

        mutating func next() throws -> [[UInt8]] {
            var lines: [[UInt8]] = []
            let files = try log.files.compactMap { path throws(FileError) -> OpenFile? in
                do throws(FileError) {
                    return try OpenFile(reading: path, followsLink: false)
                } catch {
                    // Nothing has been logged yet.
                    if error.code == ENOENT { return nil }
                    throw error
                }
            }
            let found = try files.map { (inode: try $0.status().inode, bytes: try $0.bytes(upTo: 16_777_216)) }
            let start = found.firstIndex { $0.inode == inode } ?? 0
            for (number, file) in found.enumerated() where number >= start {
                if file.inode != inode { (inode, offset) = (file.inode, 0) }
                let new = file.bytes.dropFirst(offset)
                // A line without an end is not complete yet.
                guard let end = new.lastIndex(of: 10) else { continue }
                lines += new[...end].split(separator: 10).map { Array($0) }
                offset = end + 1
            }
            return lines
        }
    }
}
