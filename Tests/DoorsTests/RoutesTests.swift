import Addresses
import CredentialProtocol
import Doors
import Testing

/// The names under which a door looks for the account of a request in kernel memory.
@Suite struct `The way to an account` {
    private static func request(_ path: String?, username: String? = nil) -> CredentialRequest {
        CredentialRequest(protocolName: "https", host: "host.example", path: path, username: username)
    }

    /// The names that a door looks for, in order, if it finds none.
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

    @Test func `The first name is that of the request itself; the next ones go up from service to service`() throws {
        let services = ["/team/x", "/team", ""].map { "https://host.example" + $0 }
        let expected = try [Routes.exact(Self.request("team/x"))] + services.map { try Self.below($0) }
        #expect(Self.names(Self.request("team/x")) == expected.compactMap { $0 })
        #expect(Set(expected).count == 4)
    }

    @Test func `A slash at the end of the path adds no other service`() throws {
        #expect(Self.names(Self.request("team/x/")).dropFirst() == Self.names(Self.request("team/x")).dropFirst())
    }

    @Test(arguments: ["./team/x", "other/../team/x", "team/..;/x", "team\\x", "team/%2e%2e/x"])
    func `A path that can be read in more than one way leads only to the whole origin`(_ path: String) throws {
        let expected = [Routes.exact(Self.request(path)), try Self.below("https://host.example")]
        #expect(Self.names(Self.request(path)) == expected.compactMap { $0 })
    }

    @Test func `The search ends at the first name that is found`() throws {
        let service = try Self.below("https://host.example/team")
        let found = Routes.first(of: Self.request("team/x")) { $0 == service ? $0 : nil }
        #expect(found == service)
    }

    /// Requests that `https://host.example/team` does not contain, or that name a user.
    @Test(arguments: [
        CredentialRequest(protocolName: "http", host: "host.example", path: "team/x"),
        CredentialRequest(protocolName: "https", host: "host.example:8443", path: "team/x"),
        CredentialRequest(protocolName: "https", host: "other.example", path: "team/x"),
        request("team/x", username: "alice"), request("teams"), request("team/../x"), request("below team"),
        request("/team/x"), request("team\u{301}/x"),
        request(nil),
    ])
    func `No other request finds the service`(_ request: CredentialRequest) throws {
        let service = try #require(try Self.below("https://host.example/team"))
        #expect(!Self.names(request).contains(service))
    }

    @Test func `A very long path is looked for only as the request itself`() {
        #expect(Self.names(Self.request(String(repeating: "x/", count: 32))).count == 34)
        #expect(Self.names(Self.request(String(repeating: "x/", count: 33))).count == 1)
        #expect(Self.names(CredentialRequest(protocolName: "cert", host: "", path: "x")).count == 1)
    }
}
