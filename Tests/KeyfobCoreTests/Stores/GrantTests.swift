import Addresses
import CredentialProtocol
import FoundationEssentials
import Glibc
import KernelKeyring
import OAuth
import SecretService
import Secrets
import TestSupport
import Testing

@testable import KeyfobCore

@Suite struct `A grant` {
    private static func full() -> Grant {
        Grant(
            account: "id", service: "https://git.example.com/team", accountName: "alice \u{FC} \"x\"",
            issuer: "https://login.example.com/t1", tokenEndpoint: "https://login.example.com/token",
            revocationEndpoint: "https://login.example.com/revoke", client: Client(id: "keyfob"), scopes: ["a", "b/c"],
            resource: "https://git.example.com/", refreshToken: Secret("refresh"), accessToken: Secret("access"),
            grantedAt: 1_800_000_000)
    }

    private static func bare() -> Grant {
        Grant(
            account: "id", service: "https://h", accountName: nil, issuer: nil, tokenEndpoint: "https://l/t",
            revocationEndpoint: nil, client: Client(id: ""), scopes: [], resource: nil, refreshToken: nil,
            accessToken: nil,
            grantedAt: 0)
    }

    @Test func `is read as it was written`() throws {
        var first = Self.full()
        first.isFirstOfClient = true
        for grant in [Self.full(), Self.bare(), first] { #expect(Grant(grant.encoded) == grant) }
    }

    /// The format of the items in users' keyrings: every later version must read it.
    static let resting = """
        {"access_token":"access","account":"id","account_name":"alice ü \\"x\\"","client_id":"keyfob",\
        "granted_at":1800000000,"issuer":"https://login.example.com/t1","refresh_token":"refresh",\
        "resource":"https://git.example.com/","revocation_endpoint":"https://login.example.com/revoke",\
        "scopes":["a","b/c"],"service":"https://git.example.com/team",\
        "token_endpoint":"https://login.example.com/token","version":1}
        """

    @Test func `is stored as one line of JSON`() throws {
        #expect(Self.full().encoded.exposedText == Self.resting)
    }

    @Test func `is read even if it has unknown members`() {
        let text = "{\"dpop_key\":{\"kty\":\"EC\"}," + Self.resting.dropFirst()
        #expect(Grant(Secret(text)) == Self.full())
    }

    @Test(arguments: [
        "", "{}", "[]", "null", "x", "\u{0}", resting + resting, String(resting.dropLast()),
        // Another version number: a later version may give the same members another meaning
        resting.replacing("\"version\":1", with: "\"version\":2"), resting.replacing(",\"version\":1", with: ""),
        resting.replacing("\"version\":1", with: "\"version\":\"1\""),
        resting.replacing("\"scopes\":[\"a\",\"b/c\"]", with: "\"scopes\":\"a b\""),
        resting.replacing("\"token_endpoint\"", with: "\"tokenendpoint\""),
    ])
    func `is not read from any other text`(_ text: String) {
        #expect(Grant(Secret(text)) == nil)
    }

    @Test func `never prints its tokens`() {
        let grant = Self.full()
        for words in ["\(grant)", String(reflecting: grant)] {
            #expect(!words.contains("\"refresh\"") && !words.contains("\"access\"") && words.contains("<secret>"))
        }
    }
}

@Suite struct `The store of grants` {
    let items = InMemoryItemStore()
    var store: GrantStore { GrantStore(items: items) }

    private func grant(_ token: String = "refresh-1", _ change: (inout Account) throws -> Void = { _ in }) throws
        -> Grant
    {
        .example(of: try .example(change), refreshToken: token)
    }

    @Test func `has one for each account, the newest first`() throws {
        let (mine, other) = (try grant(), try grant("r") { $0.name = "alice" })
        try store.save(mine)
        try store.save(other)
        #expect(try store.grant(account: mine.account) == mine)
        #expect(try store.grant(account: other.account) == other)
        #expect(try store.all() == [other, mine])
        let renewed = try grant("refresh-2")
        try store.save(renewed)
        #expect(try store.all() == [renewed, other])
        #expect(try store.remove(mine))
        #expect(try store.all() == [other])
        #expect(try !store.remove(mine))
        #expect(try store.grant(account: mine.account) == nil)
    }

    @Test(arguments: ["https://h", "https://git.example.com/team/project", "http://127.0.0.1:1/x", "https://[::1]/"])
    func `writes a label without a slash, which KWallet would take for a folder`(_ service: String) throws {
        try store.save(try grant { $0.service = try .init(service) })
        let label = try #require(items.items.first?.label)
        #expect(!label.contains("/"))
        #expect(label.hasPrefix("keyfob: "))
        #expect(label.count > "keyfob: ".count)
    }

    @Test func `puts nothing secret into attributes and label, and has the same attributes on each item`() throws {
        try store.save(try grant("s3cr3t") { $0.name = "alice@example.com" })
        try store.save(try grant("s3cr3t"))
        for item in items.items {
            let visible = item.attributes.values.joined(separator: " ") + item.label
            #expect(!visible.contains("s3cr3t") && !visible.contains("alice"))
            #expect(Set(item.attributes.keys) == Set(GrantStore.schema.attributes.keys))
        }
        #expect(Set(items.items.map(\.label)).count == 2, "a user can tell two accounts of a service apart")
    }

    @Test func `uses the session collection if the default collection refuses`() throws {
        items.refuseWrites(.failed("disk full"))
        let grant = try grant()
        try store.save(grant)
        #expect(items.sessionItems.count == 1)
        #expect(try store.grant(account: grant.account) == grant)
    }

    @Test func `fails with the default collection's error if there is no session collection`() throws {
        items.refuseWrites(.failed("disk full"))
        items.removeSessionCollection()
        #expect(throws: SecretServiceError.failed("disk full")) { try store.save(try grant()) }
    }

    @Test func `moves a grant back from the session collection as soon as that works`() throws {
        let grant = try grant()
        items.refuseWrites(.failed("disk full"))
        try store.save(grant)
        #expect(try store.settledGrant(account: grant.account) == grant)
        #expect(items.sessionItems.count == 1)
        items.refuseWrites(nil)
        #expect(try store.settledGrant(account: grant.account) == grant)
        #expect(items.sessionItems.isEmpty && items.items.count == 1)
        #expect(try store.settledGrant(account: grant.account) == grant)
    }

    @Test func `prefers the newer of two grants in the default and the session collection`() throws {
        try store.save(try grant("refresh-1"))
        items.refuseWrites(.failed("disk full"))
        let second = try grant("refresh-2")
        try store.save(second)
        #expect(try store.grant(account: second.account) == second)
        #expect(try store.all() == [second])
    }

    @Test func `has the grant in the journal until the default collection has it`() throws {
        let journal = InMemoryJournal()
        let store = GrantStore(items: items, journal: journal.functions)
        let (first, second) = (try grant("refresh-1"), try grant("refresh-2"))
        try store.save(first)
        #expect(journal.isEmpty)
        items.refuseWrites(.failed("disk full"))
        items.removeSessionCollection()
        try store.save(second)
        #expect(try store.grant(account: second.account) == second)
        #expect(try store.settledGrant(account: second.account) == second)
        #expect(try store.all() == [second])
        #expect(!journal.isEmpty)
        items.refuseWrites(nil)
        #expect(try store.settledGrant(account: second.account) == second)
        #expect(journal.isEmpty)
        #expect(items.items.count == 1)
        #expect(try store.grant(account: second.account) == second)
    }

    @Test(arguments: [false, true])
    func `has the grant in the journal until a keyring that saves late has surely saved it`(_ isLost: Bool) throws {
        let journal = InMemoryJournal()
        let store = GrantStore(items: items, journal: journal.functions)
        items.saveLate()
        let grant = try grant()
        try store.save(grant)
        #expect(try store.settledGrant(account: grant.account) == grant)
        #expect(!journal.isEmpty)
        if isLost { items.loseItems() }
        journal.letTimePass()
        #expect(try store.settledGrant(account: grant.account) == grant)
        // A lost grant was written again, so the time begins again.
        #expect(journal.isEmpty == !isLost && items.items.count == 1)
        journal.letTimePass()
        #expect(try store.settledGrant(account: grant.account) == grant)
        #expect(journal.isEmpty)
        #expect(try store.grant(account: grant.account) == grant)
    }

    @Test func `gives the grant in the journal even if the keyring is locked`() throws {
        let journal = InMemoryJournal()
        let store = GrantStore(items: items, journal: journal.functions)
        let grant = try grant()
        try store.save(grant)
        items.lock()
        let renewed = try self.grant("refresh-2")
        try store.save(renewed)
        #expect(try store.settledGrant(account: grant.account) == renewed)
        items.lock(false)
        #expect(try store.settledGrant(account: grant.account) == renewed)
        #expect(journal.isEmpty && items.sessionItems.isEmpty && items.items.count == 1)
    }

    @Test func `does not ask a provider again that did not answer`() throws {
        let journal = InMemoryJournal()
        let store = GrantStore(items: items, journal: journal.functions)
        items.refuseWrites(.timedOut(seconds: 3))
        let grant = try grant()
        try store.save(grant)
        #expect(items.items.isEmpty)
        #expect(try store.grant(account: grant.account) == grant)
        #expect(try store.all() == [grant])
        // Without a journal, the session collection is the only place that is left.
        try self.store.save(grant)
        #expect(items.sessionItems.count == 1)
    }

    @Test func `deletes a grant in the journal too`() throws {
        let journal = InMemoryJournal()
        let store = GrantStore(items: items, journal: journal.functions)
        items.refuseWrites(.failed("disk full"))
        items.removeSessionCollection()
        let grant = try grant()
        try store.save(grant)
        #expect(try store.remove(grant))
        #expect(journal.isEmpty)
        #expect(try store.grant(account: grant.account) == nil)
    }

    @Test func `has a journal in kernel memory that names no service`() throws {
        let name = "keyfob-test-journal-\(getpid())"
        let keyring = try KernelKeyring.open(named: name)
        defer { keyring.discard() }
        let journal = GrantJournal.inKernelMemory(keyring: name)
        #expect(journal.recall("a") == nil)
        #expect(journal.keep("a", Secret("1")) && journal.keep("b", Secret("2")) && journal.keep("a", Secret("3")))
        #expect(journal.recall("a") == Secret("3"))
        #expect(journal.recall("b") == Secret("2"))
        #expect(Set(keyring.names()) == ["grant:a", "grant:b"])
        #expect(Set(journal.accounts()) == ["a", "b"])
        #expect(GrantJournal.inKernelMemory(keyring: name, isOurs: { $0 == "b" }).accounts() == ["b"])
        journal.settle("a")
        #expect(journal.isSettling("a") && !journal.isSettling("b"))
        journal.forget("a")
        #expect(!journal.isSettling("a"))
        #expect(journal.recall("a") == nil && journal.recall("b") == Secret("2"))
    }

    @Test func `replaces a grant in the session collection by the next one`() throws {
        items.refuseWrites(.failed("disk full"))
        try store.save(try grant("refresh-1"))
        items.refuseWrites(nil)
        let second = try grant("refresh-2")
        try store.save(second)
        #expect(try store.grant(account: second.account) == second)
        try store.remove(second)
        #expect(items.items.isEmpty)
    }

    // If the kernel cannot store the grant (containers), the session collection is the only place that is left.
    @Test func `gives the grant in the session collection while the default collection is locked`() throws {
        let grant = try grant()
        try store.save(grant)
        items.lock()
        let renewed = try self.grant("refresh-2")
        try store.save(renewed)
        #expect(try store.grant(account: grant.account) == renewed)
        #expect(try store.settledGrant(account: grant.account) == renewed)
        items.lock(false)
        #expect(try store.settledGrant(account: grant.account) == renewed)
        #expect(items.sessionItems.isEmpty && items.items.count == 1)
    }

    @Test func `reports that it is locked, never that it has no grant`() throws {
        let grant = try grant()
        try store.save(grant)
        items.lock()
        #expect(throws: SecretServiceError.locked) { try store.grant(account: grant.account) }
        #expect(throws: SecretServiceError.locked) { try store.all() }
        #expect(throws: SecretServiceError.locked) { try store.remove(grant) }
        #expect(throws: SecretServiceError.locked) { try store.probeWritable() }
    }

    @Test func `ignores an item that it cannot read`() throws {
        let grant = try grant()
        try store.save(grant)
        let attributes = ["kind": "grant", "service": "", "issuer": "", "id": grant.account]
        try items.store(GrantStore.schema, attributes: attributes, label: "", secret: Secret("{}"), in: .default)
        #expect(try store.grant(account: grant.account) == grant)
        #expect(try store.all() == [grant])
    }
}
