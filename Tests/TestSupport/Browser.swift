import Addresses
package import OAuth

/// A user's browser together with the authorization server's page: it walks from the start address to the end.
package struct Browser: Sendable {
    /// The server did not do what a browser needs. TestSupport is no test target, and has no `#expect`.
    package struct Stuck: Error {
        package let missing: String
    }

    let pending: PendingLogin

    package init(pending: PendingLogin) { self.pending = pending }

    /// The redirect of the start address: the browser's cookie, and the authorization request with its parameters.
    package struct Visit: Sendable {
        package var cookie: String
        package var address: String
        package var parameters: [String: String]
    }

    package var port: Int { get throws { try Self.require(pending.port, "port") } }

    /// Opens the start address.
    package func start() async throws -> Visit {
        let url = try EndpointURL(Self.require(pending.startAddress, "start address"))
        let answer = try await RawConnection.get(url.path, host: "\(url.host):\(url.port)", port: url.port)
        guard answer.status == 302 else { throw Stuck(missing: "302, not \(answer.status)") }
        let address = try Self.require(answer.fields["location"], "location")
        let cookie = String(try Self.require(answer.fields["set-cookie"], "cookie").prefix { $0 != ";" })
        let query = try Self.require(try EndpointURL(address).query, "query")
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
        let state = try Self.require(visit.parameters["state"], "state")
        let page = try await comeBack("code=c0de&state=\(state)\(extra)", from: visit)
        guard page.status == 200 else { throw Stuck(missing: "the last page, not \(page.status)") }
    }

    private static func require<Value>(_ value: Value?, _ name: String) throws -> Value {
        guard let value else { throw Stuck(missing: name) }
        return value
    }
}
