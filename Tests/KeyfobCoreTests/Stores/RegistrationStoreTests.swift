import Addresses
import OAuth
import SecretService
import Secrets
import TestSupport
import Testing

@testable import KeyfobCore

@Suite struct `The store of registrations` {
    let items = InMemoryItemStore()
    var store: RegistrationStore { RegistrationStore(items: items) }

    private static func full(_ issuer: String = "https://login.example.com/t1") throws -> ClientRegistration {
        ClientRegistration(
            issuer: issuer, client: Client(id: "c-1 \u{FC}", secret: Secret("s3cr3t"), authentication: .post),
            redirectURIs: ["http://127.0.0.1:4711/callback"], secretExpiresAt: 1_900_000_000,
            registrationAccessToken: Secret("reg-t0ken"),
            registrationClientURI: try EndpointURL("https://login.example.com/register/c-1"))
    }

    private static func bare(_ issuer: String = "https://login.example.com") -> ClientRegistration {
        ClientRegistration(issuer: issuer, client: Client(id: "c-2"), redirectURIs: [])
    }

    @Test func `stores one registration for each client of an issuer, with all its values`() throws {
        let (full, bare) = (try Self.full(), Self.bare())
        try store.save(full)
        try store.save(bare)
        #expect(try store.registration(issuer: full.issuer, client: full.client.id) == full)
        #expect(try store.registration(issuer: bare.issuer, client: bare.client.id) == bare)
        #expect(try store.own(issuer: full.issuer) == [full])
        let another = Self.bare(full.issuer)
        try store.save(another)
        #expect(try store.own(issuer: full.issuer) == [another, full])
        var changed = full
        changed.secretExpiresAt = 1
        try store.save(changed)
        #expect(try store.own(issuer: full.issuer) == [changed, another])
        #expect(try store.remove(changed))
        #expect(try !store.remove(changed))
        #expect(try store.own(issuer: full.issuer) == [another])
        #expect(try store.own(issuer: bare.issuer) == [bare])
    }

    @Test func `stores the user's clients beside keyfob's own`() throws {
        var theirs = Self.bare()
        (theirs.client, theirs.isByPerson) = (Client(id: "theirs", secret: Secret("s"), authentication: .basic), true)
        try store.save(theirs)
        try store.save(Self.bare())
        #expect(try store.own(issuer: theirs.issuer) == [Self.bare()])
        #expect(try store.registration(issuer: theirs.issuer, client: "theirs") == theirs)
    }

    // keyfob 1 wrote one item for each issuer. Its key depends on the issuer only.
    @Test func `finds, replaces and deletes registrations of earlier versions`() throws {
        func saveOld(_ registration: ClientRegistration) throws {
            let secret = Registration(registration).encoded
            let id = Account.digest(["registration", registration.issuer])
            let attributes = ["kind": "registration", "service": "", "issuer": registration.issuer, "id": id]
            try items.store(GrantStore.schema, attributes: attributes, label: "", secret: secret, in: .default)
        }
        let full = try Self.full()
        try saveOld(full)
        #expect(try store.own(issuer: full.issuer) == [full])
        try store.save(Self.bare(full.issuer))
        #expect(try store.own(issuer: full.issuer) == [Self.bare(full.issuer), full])
        try store.save(full)
        #expect(items.items.count == 2)
        try saveOld(full)
        #expect(try store.remove(full))
        #expect(try store.remove(full))
        #expect(try store.own(issuer: full.issuer) == [Self.bare(full.issuer)])
    }

    // Two spellings of an issuer may be two servers (RFC 8414 section 3.3).
    @Test(arguments: [
        "https://login.example.com/", "https://LOGIN.example.com", "https://login.example.com:443",
        "https://login.example.com/t1/", "https://login.example.co", "",
    ])
    func `gives no registration to another issuer`(issuer: String) throws {
        try store.save(Self.bare())
        try store.save(Self.full())
        #expect(try store.own(issuer: issuer).isEmpty)
        #expect(try !store.remove(Self.bare(issuer)))
    }

    /// The format of the items in users' keyrings: every later version must read it.
    private static let resting = """
        {"client_id":"c-1 \u{FC}","client_secret":"s3cr3t","client_secret_expires_at":1900000000,\
        "issuer":"https://login.example.com/t1","redirect_uris":["http://127.0.0.1:4711/callback"],\
        "registration_access_token":"reg-t0ken",\
        "registration_client_uri":"https://login.example.com/register/c-1",\
        "token_endpoint_auth_method":"client_secret_post","version":1}
        """

    @Test func `writes one line of JSON`() throws {
        try store.save(Self.full())
        #expect(items.items.first?.secret.exposedText == Self.resting)
    }

    @Test(arguments: [
        "", "{}", "[]", resting + resting, resting.replacing("\"version\":1", with: "\"version\":2"),
        resting.replacing("client_secret_post", with: "private_key_jwt"),
        resting.replacing("\"issuer\":\"https://login.example.com/t1\"", with: "\"issuer\":\"https://other.example\""),
        resting.replacing("\"issuer\"", with: "\"i\""),
    ])
    func `reads no other text`(text: String) throws {
        try store.save(Self.full())
        let attributes = try #require(items.items.first?.attributes)
        try items.store(GrantStore.schema, attributes: attributes, label: "", secret: Secret(text), in: .default)
        #expect(try store.own(issuer: "https://login.example.com/t1").isEmpty)
    }

    @Test func `puts nothing secret into attributes and label, and has the same attributes as a grant`() throws {
        try store.save(Self.full())
        try GrantStore(items: items).save(.example(of: try .example()))
        let item = try #require(items.items.first)
        #expect(Set(item.attributes.keys) == Set(GrantStore.schema.attributes.keys))
        #expect(item.attributes["kind"] == "registration")
        let visible = item.attributes.values.joined(separator: " ") + item.label
        for secret in ["s3cr3t", "reg-t0ken", "c-1", "4711"] { #expect(!visible.contains(secret)) }
        #expect(!item.label.contains("/") && item.label.hasPrefix("keyfob: "))
    }

    @Test func `and the store of grants do not see each other's items`() throws {
        let grants = GrantStore(items: items)
        try store.save(Self.full())
        #expect(try grants.all().isEmpty)
        try grants.save(.example(of: try .example()))
        #expect(try store.all().count == 1)
        #expect(try grants.all().count == 1)
    }

    @Test func `reports that it is locked, never that it has no registration`() throws {
        try store.save(Self.full())
        items.lock()
        #expect(throws: SecretServiceError.locked) { try store.own(issuer: "https://login.example.com/t1") }
        #expect(throws: SecretServiceError.locked) { try store.all() }
        #expect(throws: SecretServiceError.locked) { try store.save(try Self.full()) }
        #expect(throws: SecretServiceError.locked) { try store.remove(try Self.full()) }
    }

    @Test func `does not use the session collection`() throws {
        items.refuseWrites(.failed("disk full"))
        #expect(throws: SecretServiceError.failed("disk full")) { try store.save(try Self.full()) }
        #expect(items.items.isEmpty)
    }
}
