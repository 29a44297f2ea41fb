import CredentialProtocol
import Secrets
import Testing

/// protocol.md, section 5.8: a second question after a refused token.
@Suite struct `The state beside an access token` {
    private static let account = "keyfob:account=a1"

    private func request(_ state: [String], _ capabilities: Set<Capability> = [.state]) -> CredentialRequest {
        CredentialRequest(protocolName: "https", host: "git.example.com", capabilities: capabilities, state: state)
    }

    private func answer(
        serial: String?, to request: CredentialRequest, username: String? = nil
    ) throws -> (response: CredentialResponse, lines: [String]) {
        let response = CredentialResponse(
            accessToken: Secret("t"), username: username, expiresAt: nil,
            state: TokenState(account: "a1", serial: serial), to: request)
        let bytes = try GitDialect().encode(response, for: request)
        return (response, String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init))
    }

    @Test(
        arguments: [
            ([], nil), ([account], nil), (["keyfob:token=s"], nil), ([account, "keyfob:token=s"], "s"),
            (["other:x", "keyfob:token=s", account, "keyfob:later=1"], "s"), (["keyfob:tokens=s", account], nil),
            // Another helper's value, and one that only looks like ours
            ([account, "x keyfob:token=s"], nil), ([account, "Keyfob:token=s"], nil),
        ] as [([String], String?)])
    func `names the refused token if the caller comes back with it`(_ state: [String], _ serial: String?) {
        let found = TokenState(refusedIn: request(state))
        #expect(found?.serial == serial)
        #expect(found.map { $0.account == "a1" } ?? true)
    }

    @Test func `lets the caller come back once after a remembered token`() throws {
        let first = try answer(serial: "s", to: request([])).lines
        #expect(first.suffix(3) == ["continue=1", Self.account, "keyfob:token=s"].map { Self.line($0) })
        let second = try answer(serial: "s2", to: request([Self.account, "keyfob:token=s"])).lines
        #expect(second.suffix(1) == [Self.line(Self.account)])
        #expect(!second.contains("continue=1"))
    }

    private static func line(_ value: String) -> String { value.hasPrefix("keyfob:") ? "state[]=" + value : value }

    @Test func `offers no second question after a token that was just issued`() throws {
        #expect(try answer(serial: nil, to: request([])).lines.suffix(1) == ["state[]=" + Self.account])
    }

    @Test func `is not written for a caller without the capability`() throws {
        let lines = try answer(serial: "s", to: request([], [])).lines
        #expect(lines == ["username=oauth2", "password=t"])
    }

    @Test(arguments: [(nil, nil, "oauth2"), (nil, "u", "u"), ("w", "u", "w")] as [(String?, String?, String)])
    func `comes with the service's user name, or the requested one`(
        _ wanted: String?, _ asked: String?, _ written: String
    ) throws {
        var request = request([])
        request.username = asked
        #expect(try answer(serial: nil, to: request, username: wanted).response.username == written)
    }

    @Test func `comes with ephemeral for a caller that understands it, so that no other helper keeps the token`() throws
    {
        #expect(try answer(serial: nil, to: request([], [.authtype])).lines.contains("ephemeral=1"))
        #expect(try !answer(serial: nil, to: request([])).lines.contains("ephemeral=1"))
    }
}
