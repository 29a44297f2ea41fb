import Addresses
import CredentialProtocol
import Testing

@testable import KeyfobCore

/// git's list of credential helpers, and the problems that keyfob reports about it.
@Suite struct `The chain of helpers` {
    /// The settings as `git config -z --show-origin --get-regexp` prints them.
    private static func printed(_ settings: [(key: String, value: String?)]) -> [UInt8] {
        settings.flatMap { key, value in
            Array("file:/home/alice/.gitconfig\0\(key)\(value.map { "\n" + $0 } ?? "")\0".utf8)
        }
    }

    private static func kinds(
        _ settings: [(key: String, value: String?)], for url: String? = nil
    ) throws -> [HelperChain.Kind] {
        HelperChain(printed(settings), for: try url.map { try ServiceURL($0) }).helpers.map(\.kind)
    }

    @Test(
        arguments: [
            // The three forms of gitcredentials(7).
            ("keyfob", .keyfob), ("store --file /x", .named("store")),
            ("/usr/bin/git-credential-keyfob", .keyfob), ("/usr/bin/git-credential-keyfob --account x", .keyfob),
            ("/my\\ own/git-credential-keyfob --account x", .keyfob),
            ("/usr/lib/git-core/git-credential-libsecret", .named("libsecret")), ("/opt/helper", .named("helper")),
            ("!f() { echo password=secret; }; f", .shellCommand),
            // Similar values in no such form.
            ("keyfobs", .named("keyfobs")), ("git-credential-keyfob", .named("git-credential-keyfob")),
        ] as [(String, HelperChain.Kind)])
    func `recognises a helper by its value`(_ value: String, _ kind: HelperChain.Kind) throws {
        #expect(try Self.kinds([("credential.helper", value)]) == [kind])
    }

    @Test(
        arguments: [
            // The key of a setting, and whether git may ask its helper for some path of https://a.example
            ("credential.https://a.example/x.git.helper", true), ("credential.https://.helper", true),
            ("credential./x.git.helper", true), ("credential.a.example/x.helper", true),
            ("credential.https://*.example/x.helper", true), ("credential.https://me@a.example/x.helper", true),
            ("credential.https://b.example/x.helper", false), ("credential.http://a.example/x.helper", false),
            ("credential.https://a.example:8443/x.helper", false), ("credential.b.example.helper", false),
        ])
    func `may be longer for a path that keyfob does not know`(key: String, isLonger: Bool) throws {
        let settings = [("credential.helper", "keyfob"), (key, "other")]
        let chain = HelperChain(Self.printed(settings), for: try ServiceURL("https://a.example"))
        #expect(chain.helpers.map(\.kind) == [.keyfob])
        #expect(chain.mayHaveMore == isLonger)
    }

    @Test func `has the file of each helper, and no text of a command`() {
        let chain = HelperChain(Self.printed([("credential.helper", "!echo password=secret")]), for: nil)
        #expect(chain.helpers.map(\.origin) == ["/home/alice/.gitconfig"])
        #expect(!"\(chain)".contains("secret"))
    }

    @Test func `starts again after an empty value`() throws {
        for empty in ["", nil] {
            let settings = [
                ("credential.helper", "store"), ("credential.helper", empty), ("credential.helper", "keyfob"),
            ]
            #expect(try Self.kinds(settings) == [.keyfob])
        }
    }

    @Test(
        arguments: [
            ("https://git.example.com", true), ("https://git.example.com/", true),
            ("https://git.example.com:443", true),
            ("https://alice@git.example.com", true), ("https://*.example.com", true),
            ("https://git.example.com/group", true),
            ("https://git.example.com/gro", false), ("https://example.com", false), ("https://*.com", false),
            ("http://git.example.com", false), ("https://git.example.com:8443", false), ("git.example.com", true),
            ("example.com", false),
        ])
    func `includes the helpers that are set for a service`(_ pattern: String, _ isMeant: Bool) throws {
        let settings: [(String, String?)] = [
            ("credential.\(pattern).helper", "store"), ("credential.helper", "keyfob"),
        ]
        let kinds = try Self.kinds(settings, for: "https://git.example.com/group/repository")
        #expect(kinds == (isMeant ? [.named("store"), .keyfob] : [.keyfob]))
        #expect(try Self.kinds(settings) == [.keyfob])
    }

    @Test(
        arguments: [
            // No concern.
            (["keyfob"], []), (["keyfob", "oauth"], []), (["keyfob", "!echo"], []),
            // No keyfob.
            ([], [.keyfobIsMissing]), (["libsecret"], [.keyfobIsMissing]),
            // A helper that writes plain text is the worst concern, at any position.
            (["keyfob", "store"], [.writesPlainText("store")]),
            (["store", "keyfob"], [.writesPlainText("store"), .answersFirst("store")]),
            // Other helpers that store credentials.
            (["keyfob", "cache --timeout 60"], [.keepsCopies("cache")]),
            (["manager", "keyfob"], [.answersFirst("manager"), .keepsCopies("manager")]),
            (["keyfob", "libsecret", "store"], [.writesPlainText("store"), .keepsCopies("libsecret")]),
            // Other helpers before keyfob.
            (["oauth", "keyfob"], [.answersFirst("oauth")]), (["!echo", "keyfob"], [.answersFirst("a shell command")]),
        ] as [([String], [HelperChain.Concern])])
    func `raises concerns, the worst first`(_ values: [String], _ concerns: [HelperChain.Concern]) {
        let chain = HelperChain(Self.printed(values.map { ("credential.helper", $0) }), for: nil)
        #expect(chain.concerns == concerns)
    }

    @Test func `is empty if git prints nothing, or an unknown format`() {
        for text in ["", "\0", "file:x\0", "file:x\0credential.helper", "\n\0\n"] {
            #expect(HelperChain(Array(text.utf8), for: nil).helpers.isEmpty)
        }
    }
}
