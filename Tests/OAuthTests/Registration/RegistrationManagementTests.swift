import Secrets
import TestSupport
import Testing

@testable import OAuth

@Suite struct `The management of a registration` {
    private static let place = "https://login.example.com/register/c-1"

    private func registration(_ change: (inout ClientRegistration) throws -> Void = { _ in }) throws
        -> ClientRegistration
    {
        try Registrations.made {
            $0.registrationAccessToken = Secret("reg-1")
            $0.registrationClientURI = try EndpointURL(Self.place)
            try change(&$0)
        }
    }

    private func management(_ answer: ScriptedTransport.Answer) -> (RegistrationManagement, ScriptedTransport) {
        let transport = ScriptedTransport([Self.place: [answer]])
        return (RegistrationManagement(transport: transport), transport)
    }

    @Test(arguments: [204, 200])
    func `deletes with the token of the registration`(status: Int) async throws {
        let (management, transport) = management(.status(status))
        #expect(try await management.delete(try registration()))
        let request = try #require(transport.requests.first)
        #expect(request.method == .delete && request.url.string == Self.place)
        #expect(request.authorization == Secret("Bearer reg-1"))
        #expect(request.form == nil && request.json == nil)
    }

    @Test(arguments: [401, 403, 404, 405])
    func `says that nothing was deleted`(status: Int) async throws {
        let (management, _) = management(.status(status))
        await #expect(throws: OAuthError.registrationKept(host: "login.example.com", status: status)) {
            try await management.delete(registration())
        }
    }

    @Test(arguments: [
        (503, OAuthError.unavailable(host: "login.example.com", status: 503, retryAfter: nil)),
        (307, .redirected(host: "login.example.com", status: 307)),
    ])
    func `says that the server cannot answer`(status: Int, error: OAuthError) async throws {
        let (management, transport) = management(.status(status))
        await #expect(throws: error) { try await management.delete(registration()) }
        #expect(transport.requests.count == 1)
    }

    @Test func `asks nobody where the server gave no means`() async throws {
        let (management, transport) = management(.status(204))
        let bare = try Registrations.made()
        #expect(try await !management.delete(bare))
        #expect(try await management.update(bare, to: Registrations.asked) == nil)
        #expect(transport.requests.isEmpty)
    }

    // RFC 7592 section 2.2.
    @Test func `replaces the whole registration, and takes the newest token`() async throws {
        let (management, transport) = management(
            Registrations.answer(
                [
                    "registration_access_token": "\"reg-2\"", "registration_client_uri": "\"\(Self.place)/v2\"",
                    "redirect_uris": "[\"http://127.0.0.1:4712/callback\"]",
                    "token_endpoint_auth_method": "\"client_secret_post\"", "client_secret": "\"s-2\"",
                ], status: 200))
        let old = try registration { $0.client = Client(id: "c-1", secret: Secret("s-1"), authentication: .post) }
        let metadata = ClientMetadata(
            redirectURIs: ["http://127.0.0.1:4712/callback"], tokenEndpointAuthMethod: .post)
        let new = try await management.update(old, to: metadata)
        let place = try EndpointURL(Self.place + "/v2")
        #expect(
            new
                == ClientRegistration(
                    issuer: Examples.issuer,
                    client: Client(id: "c-1", secret: Secret("s-2"), authentication: .post),
                    redirectURIs: ["http://127.0.0.1:4712/callback"], registrationAccessToken: Secret("reg-2"),
                    registrationClientURI: place))
        let request = try #require(transport.requests.first)
        #expect(request.method == .put && request.authorization == Secret("Bearer reg-1"))
        let body = try #require(request.json?.exposedText)
        #expect(
            body.hasPrefix(
                #"{"application_type":"native","client_id":"c-1","client_name":"keyfob","client_secret":"s-1","#))
        #expect(!body.contains("registration_"))
    }

    @Test func `keeps the token where no newer one comes`() async throws {
        let (management, _) = management(Registrations.answer(status: 200))
        #expect(try await management.update(registration(), to: Registrations.asked) == registration())
    }

    @Test func `takes no answer about another client`() async throws {
        let (management, _) = management(Registrations.answer(["client_id": "\"c-2\""], status: 200))
        await #expect(throws: OAuthError.malformed(host: "login.example.com", member: "client_id")) {
            try await management.update(registration(), to: Registrations.asked)
        }
    }

    @Test(arguments: [401, 403, 404, 405])
    func `says that nothing was changed`(status: Int) async throws {
        let (management, _) = management(.status(status))
        await #expect(throws: OAuthError.registrationKept(host: "login.example.com", status: status)) {
            try await management.update(registration(), to: Registrations.asked)
        }
    }
}
