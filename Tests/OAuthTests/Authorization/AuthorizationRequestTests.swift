import Addresses
import Testing

@testable import OAuth

@Suite struct `An authorization request` {
    private func request(_ endpoint: String) throws -> AuthorizationRequest {
        AuthorizationRequest(
            AuthorizationParameters(
                metadata: try Examples.metadata(authorizationEndpoint: endpoint), client: Client(id: "key fob"),
                scopes: ["read", "write:all"], resource: "https://git.example.com/", loginHint: "a@b"),
            redirectURI: "http://127.0.0.1:1234/callback", state: "S", challenge: "C")
    }

    @Test func `requests a code with S256, and nothing else`() throws {
        let address = try request("https://login.example.com/authorize").address
        #expect(
            address == "https://login.example.com/authorize?response_type=code&client_id=key%20fob"
                + "&redirect_uri=http%3A%2F%2F127.0.0.1%3A1234%2Fcallback&scope=read%20write%3Aall&state=S"
                + "&code_challenge=C&code_challenge_method=S256&resource=https%3A%2F%2Fgit.example.com%2F"
                + "&login_hint=a%40b")
    }

    @Test func `omits parameters without a value`() throws {
        var plain = try request("https://login.example.com/authorize")
        (plain.scopes, plain.resource, plain.loginHint) = ([], nil, nil)
        #expect(!plain.address.contains("scope="))
        #expect(!plain.address.contains("resource="))
        #expect(!plain.address.contains("login_hint="))
    }

    @Test func `names the required authentication and the audience`() throws {
        let parameters = AuthorizationParameters(
            metadata: try Examples.metadata(), client: Client(id: "c"), audience: "https://api.example.com/",
            contexts: ["urn:gold", "silver"], maxAge: 0)
        let address = AuthorizationRequest(parameters, redirectURI: "r", state: "S", challenge: "C").address
        #expect(address.contains("&audience=https%3A%2F%2Fapi.example.com%2F&"))
        #expect(address.hasSuffix("&acr_values=urn%3Agold%20silver&max_age=0"))
        #expect(!address.contains("resource="))
    }

    // RFC 6749 section 3.1: the endpoint's query is kept, and no parameter occurs twice.
    @Test(arguments: [
        ("https://a.example/authorize?tenant=a", "https://a.example/authorize?tenant=a&response_type=code&"),
        ("https://a.example/authorize?", "https://a.example/authorize?response_type=code&"),
        ("https://a.example/authorize?x=1&", "https://a.example/authorize?x=1&response_type=code&"),
        ("https://a.example?x=%20", "https://a.example?x=%20&response_type=code&"),
        (
            "https://a.example/authorize?state=evil&x=1&response_type=token&st%61te=2",
            "https://a.example/authorize?x=1&response_type=code&"
        ),
        ("https://a.example/authorize?state=%FF&x=1", "https://a.example/authorize?x=1&response_type=code&"),
    ])
    func `keeps the endpoint's query and has each parameter once`(endpoint: String, beginning: String) throws {
        let address = try request(endpoint).address
        #expect(address.hasPrefix(beginning))
        let names = try #require(FormEncoding.decode(String(address.drop { $0 != "?" }.dropFirst()))).map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test func `is a valid endpoint URL`() throws {
        #expect(throws: Never.self) { try EndpointURL(try request("https://a.example/x?y=(z)").address) }
    }
}
