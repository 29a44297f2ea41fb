import Addresses
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
    func `deletes with the registration's token`(status: Int) async throws {
        let (management, transport) = management(.status(status))
        #expect(try await management.delete(try registration()))
        let request = try #require(transport.requests.first)
        #expect(request.method == .delete && request.url.string == Self.place)
        #expect(request.authorization == Secret("Bearer reg-1"))
        #expect(request.form == nil && request.json == nil)
    }

    @Test(arguments: [401, 403, 404, 405])
    func `reports that nothing was deleted`(status: Int) async throws {
        let (management, _) = management(.status(status))
        await #expect(throws: OAuthError.registrationKept(host: "login.example.com", status: status)) {
            try await management.delete(registration())
        }
    }

    @Test(arguments: [
        (503, OAuthError.unavailable(host: "login.example.com", status: 503, retryAfter: nil)),
        (307, .redirected(host: "login.example.com", status: 307)),
    ])
    func `reports that the server is unavailable`(status: Int, error: OAuthError) async throws {
        let (management, transport) = management(.status(status))
        await #expect(throws: error) { try await management.delete(registration()) }
        #expect(transport.requests.count == 1)
    }

    @Test func `sends nothing if the server offers no management`() async throws {
        let (management, transport) = management(.status(204))
        let bare = try Registrations.made()
        #expect(try await !management.delete(bare))
        #expect(transport.requests.isEmpty)
    }
}
