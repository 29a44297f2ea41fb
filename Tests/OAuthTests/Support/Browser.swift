import OAuth
import Synchronization
import Testing

/// Acts as the user's browser and the authorization server's page: goes from the start address to the end.
struct Browser {
    let pending: PendingLogin

    /// The authorization request to which the start address redirected, split into parts.
    struct Visit {
        var cookie: String
        var address: String
        var parameters: [String: String]
    }

    var port: Int { get throws { try #require(pending.port) } }

    /// Opens the start address like any browser.
    func start() async throws -> Visit {
        let url = try EndpointURL(#require(pending.startAddress))
        let answer = try await RawConnection.get(url.path, host: "\(url.host):\(url.port)", port: url.port)
        #expect(answer.status == 302)
        let address = try #require(answer.fields["location"])
        let cookie = String(try #require(answer.fields["set-cookie"]).prefix { $0 != ";" })
        let query = try #require(try EndpointURL(address).query)
        let pairs = query.split(separator: "&").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        return Visit(
            cookie: cookie, address: address, parameters: Dictionary(uniqueKeysWithValues: pairs.map { ($0[0], $0[1]) })
        )
    }

    /// Returns to the redirect URI with a query, and follows to the last page.
    func comeBack(
        _ query: String, from visit: Visit, followsToTheEnd: Bool = true
    ) async throws -> RawConnection.Answer {
        let redirect = try EndpointURL(pending.redirectURI)
        let (path, host) = (redirect.path.isEmpty ? "/" : redirect.path, "\(redirect.host):\(redirect.port)")
        let answer = try await RawConnection.get(
            "\(path)?\(query)", host: host, port: redirect.port, cookie: visit.cookie)
        guard followsToTheEnd, answer.status == 303, let end = answer.fields["location"] else { return answer }
        return try await RawConnection.get(try EndpointURL(end).path, host: host, port: redirect.port)
    }

    /// Signs in without problems, as most tests need.
    func signIn(extra: String = "") async throws {
        let visit = try await start()
        let state = try #require(visit.parameters["state"])
        let page = try await comeBack("code=c0de&state=\(state)\(extra)", from: visit)
        #expect(page.status == 200)
    }
}
