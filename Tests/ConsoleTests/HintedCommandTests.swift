import Addresses
import Testing

@testable import Console

@Suite struct `A command in a hint` {
    /// The hint, the options of the user's command, and the hint with them.
    private static let table: [(String, [String], String)] = [
        ("try again: keyfob login URL", [], "try again: keyfob login 'https://a.example/(x)'"),
        ("run: keyfob login https://a.example", ["--account w"], "run: keyfob login --account w https://a.example"),
        (
            "run: keyfob login https://a.example", ["--account 'my work'", "--scope a", "--scope 'b c'"],
            "run: keyfob login --account 'my work' --scope a --scope 'b c' https://a.example"
        ),
        (
            "run: keyfob login https://a.example",
            ["--flow device", "--client-id x", "--client-secret", "--store memory"],
            "run: keyfob login --flow device --client-id x --client-secret --store memory https://a.example"
        ),
        // What the hint names itself
        (
            "run: keyfob login --scope a https://a.example", ["--scope a", "--scope b"],
            "run: keyfob login --scope b --scope a https://a.example"
        ),
        (
            "if so: keyfob login --force --account x URL", ["--account x", "--force"],
            "if so: keyfob login --force --account x 'https://a.example/(x)'"
        ),
        (
            "run: keyfob login --account=-x URL", ["--account=-x"],
            "run: keyfob login --account=-x 'https://a.example/(x)'"
        ),
        (
            "run: keyfob login --flow paste URL", ["--flow device"],
            "run: keyfob login --flow paste 'https://a.example/(x)'"
        ),
        (
            "run: keyfob login --client-id ID https://a.example", ["--client-id x", "--client-secret", "--register"],
            "run: keyfob login --client-secret --client-id ID https://a.example"
        ),
        // Options that exclude each other
        (
            "run: keyfob login --register https://a.example", ["--client-id x", "--client-secret", "--flow paste"],
            "run: keyfob login --flow paste --register https://a.example"
        ),
        // Several commands, and commands that do not have the option
        (
            "if so: keyfob logout https://a.example, then keyfob login https://a.example",
            ["--account x", "--flow paste"],
            "if so: keyfob logout --account x https://a.example, then keyfob login --account x --flow paste "
                + "https://a.example"
        ),
        ("run: keyfob doctor https://a.example", ["--account x"], "run: keyfob doctor https://a.example"),
        ("for a list: keyfob status", ["--account x"], "for a list: keyfob status"),
        ("the word URL", ["--account x"], "the word URL"),
    ]

    @Test(arguments: table)
    func `carries what the user's command named`(hint: String, options: [String], whole: String) throws {
        let service = try ServiceURL("https://a.example/(x)")
        #expect(HintedCommand.completed(hint, service: service, options: options) == whole)
    }

    @Test func `quotes the values of options`() {
        #expect(HintedCommand.option("--account", "a'b c") == [#"--account 'a'\''b c'"#])
        #expect(HintedCommand.option("--account", "-x") == ["--account=-x"])
        #expect(HintedCommand.option("--account", nil).isEmpty)
    }

    @Test(arguments: ["try again: keyfob login URL", "run: keyfob login --store memory URL", "see: keyfob doctor URL"])
    func `is no hint if it needs a service and none is known`(hint: String) {
        #expect(HintedCommand.completed(hint, service: nil) == nil)
        #expect(HintedCommand.completed("to see your sign-ins: keyfob status", service: nil) != nil)
    }

    @Test func `keeps the user name of the URL`() throws {
        let service = try ServiceURL("https://a.example/x")
        for (user, written) in [("bob", "bob"), ("b@c:d", "b%40c%3Ad")] {
            let hint = HintedCommand.completed("again: keyfob login URL", service: service, user: user)
            #expect(hint == "again: keyfob login https://\(written)@a.example/x")
        }
    }
}
