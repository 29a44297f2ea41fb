import Addresses
import CredentialProtocol
import Doors
import Testing

/// By which names a door looks for the account that answers.
@Suite struct `The way to an account` {
    private static func request(_ path: String?, username: String? = nil) -> CredentialRequest {
        CredentialRequest(protocolName: "https", host: "host.example", path: path, username: username)
    }

    /// What is asked for, in order, where nothing is found.
    private static func names(_ request: CredentialRequest) -> [String] {
        var names: [String] = []
        let found: Bool? = Routes.first(of: request) { name in
            names.append(name)
            return nil
        }
        return found == nil ? names : []
    }

    private static func below(_ service: String, username: String? = nil) throws -> String? {
        Routes.below(try ServiceURL(service), username: username)
    }

    @Test func `It begins at the question itself and then goes up from service to service`() throws {
        let services = ["/team/x", "/team", ""].map { "https://host.example" + $0 }
        let expected = try [Routes.exact(Self.request("team/x"))] + services.map { try Self.below($0) }
        #expect(Self.names(Self.request("team/x")) == expected.compactMap { $0 })
        #expect(Set(expected).count == 4)
    }

    @Test func `A slash at the end leads nowhere else`() throws {
        #expect(Self.names(Self.request("team/x/")).dropFirst() == Self.names(Self.request("team/x")).dropFirst())
    }

    @Test(arguments: ["./team/x", "other/../team/x", "team/..;/x", "team\\x", "team/%2e%2e/x"])
    func `A path that can be read in more than one way leads to the whole origin alone`(_ path: String) throws {
        let expected = [Routes.exact(Self.request(path)), try Self.below("https://host.example")]
        #expect(Self.names(Self.request(path)) == expected.compactMap { $0 })
    }

    @Test func `It ends at the first that is found`() throws {
        let service = try Self.below("https://host.example/team")
        let found = Routes.first(of: Self.request("team/x")) { $0 == service ? $0 : nil }
        #expect(found == service)
    }

    /// What is not below `https://host.example/team`, asked by nobody in particular.
    @Test(arguments: [
        CredentialRequest(protocolName: "http", host: "host.example", path: "team/x"),
        CredentialRequest(protocolName: "https", host: "host.example:8443", path: "team/x"),
        CredentialRequest(protocolName: "https", host: "other.example", path: "team/x"),
        request("team/x", username: "alice"), request("teams"), request("team/../x"), request("below team"),
        request("/team/x"), request("team\u{301}/x"),
        request(nil),
    ])
    func `No other question comes by it`(_ request: CredentialRequest) throws {
        let service = try #require(try Self.below("https://host.example/team"))
        #expect(!Self.names(request).contains(service))
    }

    @Test func `A very deep address is looked for as it is alone`() {
        #expect(Self.names(Self.request(String(repeating: "x/", count: 32))).count == 34)
        #expect(Self.names(Self.request(String(repeating: "x/", count: 33))).count == 1)
        #expect(Self.names(CredentialRequest(protocolName: "cert", host: "", path: "x")).count == 1)
    }
}
