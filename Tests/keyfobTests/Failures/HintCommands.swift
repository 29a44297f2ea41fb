import TestSupport
import Testing

/// The commands that messages propose. Each must work as it stands there.
enum HintCommands {
    /// The commands of keyfob, with the options that hints may use.
    private static let options: [String: Set<String>] = [
        "login": [
            "--account", "--client-id", "--client-secret", "--flow", "--force", "--register", "--scope", "--store",
        ],
        "logout": ["--account"],
        "doctor": [], "config": [], "status": [], "token": ["--account", "--scope"], "setup": [], "store": [],
    ]

    /// Checks each command that follows a colon in a hint: it is one of keyfob's, its options exist, and its last word is a
    /// real URL.
    static func check(_ lines: [Substring]) {
        for line in lines where line.hasPrefix("hint: ") {
            for part in line.split(separator: ": ").dropFirst() where part.hasPrefix("keyfob ") {
                for command in part.split(separator: ", then ") where command.hasPrefix("keyfob ") {
                    let words = command.split(separator: " ").dropFirst().map(String.init)
                    guard let known = options[words.first ?? ""] else {
                        Issue.record("no such command: \(line)")
                        continue
                    }
                    #expect(words.filter { $0.hasPrefix("--") }.allSatisfy(known.contains), "\(line)")
                    guard words.count > 1 else { continue }
                    #expect(words.last?.contains("://") == true, "\(line)")
                }
            }
        }
    }
}
