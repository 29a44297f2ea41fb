import FoundationEssentials
import Glibc

/// Counts the hostile scenarios, races and other repeated trials of the tests, and how many of them passed.
///
/// Each call adds one line of JSON to the file that `KEYFOB_COUNTS` names, if it names one. Tests/counts makes the
/// table in .github/SECURITY.md from these lines.
package enum Counts {
    /// The rows of the table.
    package enum Kind: String, Sendable {
        case races
        case killPoints = "kill points"
        case fuzzExecutions = "fuzz executions"
        case hostileCallers = "hostile callers"
        case hostileServers = "hostile servers"
        case hostileNeighbours = "hostile neighbours"
        case keyringTrouble = "keyring trouble"
        case secrets
    }

    /// Adds a line for `name`, which counts as `tried` attempts.
    package static func add(_ kind: Kind, _ name: String, tried: Int = 1, passed: Int) {
        guard let file = ProcessInfo.processInfo.environment["KEYFOB_COUNTS"], !file.isEmpty else { return }
        add(kind, name, tried: tried, passed: passed, to: file)
    }

    /// The same, in a file that the caller chooses.
    package static func add(_ kind: Kind, _ name: String, tried: Int, passed: Int, to file: String) {
        let line = Line(kind: kind.rawValue, name: name, tried: tried, passed: passed)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let json = try? encoder.encode(line) else { return }
        append([UInt8](json) + [UInt8(ascii: "\n")], to: file)
    }

    private struct Line: Encodable {
        var kind: String
        var name: String
        var tried: Int
        var passed: Int
    }

    /// Writes the line with one call at the end of the file, so that parallel tests do not mix their lines.
    private static func append(_ bytes: [UInt8], to file: String) {
        let descriptor = unsafe open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        _ = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    }
}
