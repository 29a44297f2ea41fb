import KernelKeyring
import Secrets
import Testing

@Suite struct `The way to a password in kernel memory` {
    private static let route = PasswordRoute(generation: "1", item: "item:a", username: "ann=\u{FC}")

    @Test func `is read as it was written`() throws {
        let payload = try #require(Self.route.payload)
        #expect(payload.exposedText == "1\nitem:a\nann=\u{FC}\n")
        #expect(PasswordRoute(payload: payload) == Self.route)
    }

    @Test(arguments: ["", "\n", "1\nitem:a\n", "1\nitem:a\nann", "1\nitem:a\nann\n\n", "1\nitem:a\nann\nx\n"])
    func `is not read from other data`(_ payload: String) {
        #expect(PasswordRoute(payload: Secret(payload)) == nil)
    }

    @Test func `has no user name that would form a line`() {
        #expect(PasswordRoute(generation: "1", item: "item:a", username: "a\nb").payload == nil)
    }

    @Test(
        arguments: [
            // The item, and the password in it
            ("{}\np w", "p w"), ("{}\n", nil), ("{}", nil), ("{}\npw\npassword_expiry_utc=1", nil), ("{}\npw\n", nil),
        ] as [(String, String?)])
    func `leads to the password if the item holds nothing else`(_ item: String, _ password: String?) throws {
        #expect(try found(item, generation: "1") == password)
    }

    @Test func `leads nowhere if the items have changed`() throws {
        #expect(try found("{}\npw", generation: "2") == nil)
        #expect(try found("{}\npw", generation: nil) == nil)
    }

    private func found(_ item: String, generation: String?) throws -> String? {
        let name = String.testKeyringName()
        let keyring = try KernelKeyring.open(named: name)
        defer { keyring.discard() }
        try keyring.write("item:a", Secret(item), lifetime: nil)
        if let generation { try keyring.write(KeyNames.generation, Secret(generation), lifetime: nil) }
        return Self.route.password(keyring: name, in: [.user])?.exposedText
    }
}
