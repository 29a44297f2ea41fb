import CredentialProtocol
import KernelKeyring
import Secrets
import Testing

@testable import KeyfobCore

/// Which sign-in answers a request with an account name.
@Suite struct `An account name` {
    /// A sign-in: its account name, and the user name that the server gave.
    typealias SignedIn = (name: String?, label: String?)
    typealias Source = Account.NameSource

    /// The sign-ins, the name, its source, and the index of the sign-in that answers.
    static let answered: [([SignedIn], String, Source, Int)] = [
        ([(nil, "alice")], "alice", .url, 0), ([(nil, "Alice")], "aLICE", .url, 0), ([(nil, nil)], "alice", .url, 0),
        ([(nil, "alice")], "alice", .user, 0), ([("work", "alice")], "alice", .url, 0),
        ([("work", "alice")], "alice", .user, 0), ([("alice", "x")], "alice", .url, 0),
        ([(nil, "bob"), ("work", "alice")], "alice", .url, 1), ([("alice", nil), ("bob", nil)], "bob", .url, 1),
        ([(nil, "alice"), ("alice", nil)], "alice", .url, 1), ([("Alice", nil), (nil, nil)], "aLICE", .user, 0),
        // Several sign-ins of one user: the newest, or the one of exactly that name
        ([(nil, "alice"), ("work", "Alice")], "alice", .user, 1),
        ([("work", "alice"), (nil, "alice")], "ALICE", .url, 1),
        ([(nil, "alice"), ("alice@corp.test", "alice")], "alice", .url, 1),
        ([("alice@corp.test", "alice"), (nil, "alice")], "alice@corp.test", .url, 0),
        // An organisation is nobody's name
        ([(nil, "alice")], "contoso", .urlOfOrganisation, 0), ([("work", "alice")], "contoso", .urlOfOrganisation, 0),
        ([("contoso", nil), (nil, nil)], "contoso", .urlOfOrganisation, 0),
        ([("other", nil), (nil, nil)], "contoso", .urlOfOrganisation, 1),
    ]

    @Test(arguments: answered)
    func `gets the token of the sign-in that it means`(
        _ signedIn: [SignedIn], _ name: String, _ source: Source, _ index: Int
    ) async throws {
        try await run(signedIn, name, source) { source, account in
            let token = try await source.token(of: account, for: .git())
            #expect(token.token == Secret("token \(index)"))
        }
    }

    /// The sign-ins, the name, its source, and the users that the error names.
    static let refused: [([SignedIn], String, Source, [String])] = [
        ([(nil, "alice")], "bob", .url, ["alice"]), ([("alice", nil)], "bob", .url, ["alice"]),
        ([("work", "alice")], "bob", .user, ["alice"]), ([(nil, "alice")], "alic", .url, ["alice"]),
        ([(nil, "alice@example.com")], "alice@example.org", .url, ["alice@example.com"]),
        ([(nil, "stra\u{DF}e")], "strasse", .url, ["stra\u{DF}e"]),
        ([(nil, "caf\u{E9}")], "cafe\u{301}", .url, ["caf\u{E9}"]),
        ([(nil, nil), ("alice", nil)], "bob", .url, ["alice"]), ([(nil, "a"), ("x", "b")], "bob", .url, ["a", "b"]),
        ([(nil, "alice"), ("work", "Alice")], "bob", .user, ["Alice"]),
        // On the command line and in the configuration, a name means that name
        ([(nil, nil)], "bob", .user, []), ([], "bob", .url, []),
    ]

    @Test(arguments: refused)
    func `of another user gets no token`(
        _ signedIn: [SignedIn], _ name: String, _ source: Source, _ names: [String]
    ) async throws {
        let reason: CredentialFailure.SignInReason =
            signedIn.isEmpty
            ? .noGrant
            : .otherUser(
                named: name, signedIn: names, hasUnnamed: signedIn.contains { $0.name == nil && $0.label == nil })
        try await run(signedIn, name, source) { source, account in
            await #expect(throws: CredentialFailure.needsSignIn(account, because: reason)) {
                try await source.token(of: account, for: .git())
            }
        }
    }

    @Test(arguments: ["alice@corp.test", "ALICE@Corp.test"])
    func `may be the e-mail address that the server gave`(_ name: String) async throws {
        try await run([(nil, "alice"), ("bob", "bob")], name, .url, email: "alice@corp.test") { source, account in
            let token = try await source.token(of: account, for: .git()).token
            #expect(token == Secret("token 0"))
            #expect(source.signedIn(account).name == nil)
        }
    }

    @Test func `of several users, as for one in upper and one in lower case, does not choose`() async throws {
        try await run([("Bob", "robert"), ("bob", "bobby")], "BOB", .url) { source, account in
            await #expect(throws: CredentialFailure.whichAccount(service: account.service, names: ["Bob", "bob"])) {
                try await source.token(of: account, for: .git())
            }
        }
    }

    @Test func `prefers a sign-in that has not ended`() async throws {
        try await run([(nil, "alice"), ("work", "alice")], "alice", .url, endedAt: [1: 5]) { source, account in
            let token = try await source.token(of: account, for: .git()).token
            #expect(token == Secret("token 0"))
        }
    }

    @Test func `of an organisation does not choose among several users`() async throws {
        try await run([("a", nil), ("b", nil)], "contoso", .urlOfOrganisation) { source, account in
            await #expect(throws: CredentialFailure.whichAccount(service: account.service, names: ["a", "b"])) {
                try await source.token(of: account, for: .git())
            }
        }
    }

    @Test func `that the user signs in with is not another sign-in's that has no name`() async throws {
        try await run([(nil, nil)], "bob", .url) { source, account in
            #expect(source.signedIn(account).name == "bob")
        }
        try await run([(nil, "bob")], "bob", .url) { source, account in
            #expect(source.signedIn(account).name == nil)
        }
    }

    private func run(
        _ signedIn: [SignedIn], _ name: String, _ source: Source, email: String? = nil, endedAt: [Int: Int64] = [:],
        _ body: (OAuthTokenSource, Account) async throws -> Void
    ) async throws {
        try await TokenBench.run { bench in
            for (index, each) in signedIn.enumerated() {
                var account = bench.account
                account.name = each.name
                var grant = Grant.example(of: account, refreshToken: nil, accessToken: "token \(index)")
                grant.label = each.label
                grant.email = index == 0 ? email : nil
                grant.grantedAt += Int64(index)
                grant.endedAt = endedAt[index]
                try bench.grants.save(grant)
            }
            var account = bench.account
            (account.name, account.nameSource) = (name, source)
            try await body(bench.source, account)
        }
    }
}
