import Addresses
import Testing

@testable import Console

@Suite struct `A command in a hint` {
    @Test(
        arguments: [
            ("try again: keyfob login URL", nil, [], "try again: keyfob login 'https://a.example/(x)'"),
            ("run: keyfob login https://a.example", "work", [], "run: keyfob login --account work https://a.example"),
            (
                "run: keyfob login https://a.example", "my work", ["a", "b c"],
                "run: keyfob login --account 'my work' --scope a --scope 'b c' https://a.example"
            ),
            (
                "run: keyfob login --scope a https://a.example", nil, ["a", "b"],
                "run: keyfob login --scope b --scope a https://a.example"
            ),
            (
                "if so: keyfob login --force --account x URL", "x", [],
                "if so: keyfob login --force --account x 'https://a.example/(x)'"
            ),
            ("for a list: keyfob status", "x", ["a"], "for a list: keyfob status"),
            ("the word URL", "x", [], "the word URL"),
        ] as [(String, String?, [String], String)])
    func `carries what the user's command named`(hint: String, account: String?, scopes: [String], whole: String) throws
    {
        let service = try ServiceURL("https://a.example/(x)")
        #expect(HintedCommand.completed(hint, service: service, account: account, scopes: scopes) == whole)
    }
}
