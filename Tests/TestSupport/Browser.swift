import Addresses
package import OAuth
import Testing

/// A user's browser together with the authorization server's page: it walks from the start address to the end.
package struct Browser: Sendable {
    let pending: PendingLogin

    package init(pending: PendingLogin) { self.pending = pending }

    /// The redirect of the start address: the browser's cookie, and the authorization request with its parameters.
    package struct Visit: Sendable {
        package var cookie: String
        package var address: String
        package var parameters: [String: String]
    }

    package var port: Int { get throws { try #require(pending.port) } }

    /// Opens the start address.
    package func start() async throws -> Visit {
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

    /// Opens the redirect URI with a query, and follows its redirect to the last page.
    package func comeBack(
        _ query: String, from visit: Visit, followsToTheEnd: Bool = true
    ) async throws -> RawConnection.Answer {
        let redirect = try EndpointURL(pending.redirectURI)
        let (path, host) = (redirect.path.isEmpty ? "/" : redirect.path, "\(redirect.host):\(redirect.port)")
        let answer = try await RawConnection.get(
            "\(path)?\(query)", host: host, port: redirect.port, cookie: visit.cookie)
        guard followsToTheEnd, answer.status == 303, let end = answer.fields["location"] else { return answer }
        return try await RawConnection.get(try EndpointURL(end).path, host: host, port: redirect.port)
    }

    /// Signs in with a code, and expects the last page.
    package func signIn(extra: String = "") async throws {
        let visit = try await start()
        let state = try #require(visit.parameters["state"])
        let page = try await comeBack("code=c0de&state=\(state)\(extra)", from: visit)
        #expect(page.status == 200)
    }
}
