import AuthorizationServer
import FoundationEssentials
import TestSupport
import Testing

/// Rows of the failure table in which the server issues a token, but its answer lacks something or has something
/// unusual.
@Suite(.timeLimit(.withTurns)) struct `Failure table, answers with a token` {
    @Test(arguments: [true, false, nil] as [Bool?])
    func `no refresh token issued: the token is used until it expires, then a sign-in is needed`(
        _ isListed: Bool?
    ) async throws {
        let row = FailureRow(
            testDescription: "", status: 77,
            says: "the access token has expired, and the server issued no "
                + "refresh token",
            hint: "run: keyfob login")
        // The scope for a refresh token is proposed only if the server may have it.
        try await FailureBench.run(
            .registered,
            {
                $0.extraTokenMembers["refresh_token"] = .null
                $0.extraMetadata["scopes_supported"] =
                    isListed.map { $0 ? ["read", "offline_access"] : ["read"] }
                    .map { JSONValue.strings($0) } ?? .null
            }
        ) { bench in
            let token = try await bench.signIn()
            let again = try await bench.get()
            #expect(again.output.password == token)
            #expect(again.output.contains("\npassword_expiry_utc="))
            try await bench.erase(token)
            let before = bench.server.requestLog.count
            let ended = try await bench.get()
            row.check(ended)
            #expect(ended.complaint.contains("--scope offline_access") == (isListed != false))
            #expect(bench.server.requestLog.count == before)
            #expect(try await bench.hasRegistration)
            #expect(try await bench.get(asking: true).status == 0)
            #expect(bench.session.browserOpenings == 2)
        }
    }

    @Test func `no refresh token, and no expiry: the token is the grant`() async throws {
        try await FailureBench.run(
            .configured,
            {
                $0.extraTokenMembers["refresh_token"] = .null
                $0.extraTokenMembers["expires_in"] = .null
            }
        ) { bench in
            let token = try await bench.signIn()
            await bench.session.clearKernelMemory()
            let again = try await bench.get()
            #expect(again.output.password == token, "\(again.complaint)")
            try await bench.erase(token)
            #expect(try await bench.get().status == 77)
            #expect(bench.requests(to: "/token") == 1)
        }
    }

    struct Lifetime: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var value: JSONValue
        /// In seconds; nil if git must get no expiry.
        var seconds: Int?
        /// Whether the next caller gets the same token, for a while.
        var isKept = true
    }

    private static let year = 31_536_000

    static let lifetimes: [Lifetime] = [
        Lifetime(testDescription: "a number", value: 3600, seconds: 3600),
        Lifetime(testDescription: "a text that is one", value: "3600", seconds: 3600),
        Lifetime(testDescription: "1e99", value: .number(1e99), seconds: year),
        Lifetime(testDescription: "more than a year", value: 99_999_999, seconds: year),
        Lifetime(testDescription: "a fraction", value: .number(59.9), seconds: 59),
        Lifetime(testDescription: "missing", value: .null),
        Lifetime(testDescription: "0", value: 0, isKept: false),
        Lifetime(testDescription: "0 as a text", value: "0", isKept: false),
        Lifetime(testDescription: "negative", value: -3600, isKept: false),
        Lifetime(testDescription: "negative as a text", value: " -1 ", isKept: false),
        Lifetime(testDescription: "less than a second", value: .number(0.5), isKept: false),
        Lifetime(testDescription: "a time of the past", value: 1_700_000_000, isKept: false),
        Lifetime(testDescription: "a date of the past", value: "2020-01-01T00:00:00Z", isKept: false),
        Lifetime(testDescription: "a time of the far future", value: 4_102_444_800_000, seconds: year),
        Lifetime(testDescription: "words", value: "an hour"),
        Lifetime(testDescription: "an empty text", value: ""),
        Lifetime(testDescription: "a truth", value: true),
        Lifetime(testDescription: "a list", value: [3600]),
        Lifetime(testDescription: "an object", value: .object(["seconds": 3600])),
        Lifetime(testDescription: "not a number", value: "nan"),
    ]

    @Test(arguments: lifetimes)
    func `expires_in missing or invalid: git gets no expiry, and erase causes a refresh`(_ lifetime: Lifetime)
        async throws
    {
        try await FailureBench.run(.configured, { $0.extraTokenMembers["expires_in"] = lifetime.value }) { bench in
            let earliest = Int(Date.now.timeIntervalSince1970)
            let first = try await bench.get(asking: true)
            let latest = Int(Date.now.timeIntervalSince1970) + 1
            #expect(first.status == 0, "\(first.complaint)")
            let end = first.output.split(separator: "\n").first { $0.hasPrefix("password_expiry_utc=") }
            if let seconds = lifetime.seconds {
                let end = try #require(end.flatMap { Int($0.dropFirst("password_expiry_utc=".count)) })
                #expect((earliest + seconds...latest + seconds).contains(end))
            } else {
                #expect(end == nil)
                // keyfob assumes a lifetime, unless the token has expired.
                let status = try await bench.session.run(["keyfob", "status"])
                #expect(status.output.contains("access token without an expiry") == lifetime.isKept)
                let second = try await bench.get()
                #expect((second.output == first.output) == lifetime.isKept)
                #expect(second.output.password != nil)
            }
            try await bench.erase(try #require(first.output.password))
            #expect(try await bench.get().status == 0)
            #expect(bench.requests(to: "/token") == (lifetime.isKept ? 2 : 3))
            #expect(bench.session.browserOpenings == 1)
        }
    }

    @Test func `refresh without a new refresh token: the old one is kept`() async throws {
        try await FailureBench.run(.configured, { $0.rotates = false }) { bench in
            var token = try await bench.signIn()
            for _ in 0..<3 {
                try await bench.erase(token)
                let refreshed = try await bench.get()
                token = try #require(refreshed.output.password, "\(refreshed.complaint)")
            }
            #expect(Set(bench.server.requests(to: "/token").dropFirst().compactMap(\.presented)).count == 1)
            #expect(bench.session.browserOpenings == 1)
        }
    }

    @Test func `same refresh token returned: nothing is written`() async throws {
        try await FailureBench.run(.configured, { $0.repeatsRefreshToken = true }) { bench in
            let token = try await bench.signIn()
            let before = try bench.keyrings
            try await bench.erase(token)
            #expect(try await bench.get().status == 0)
            #expect(try bench.keyrings == before)
            // A rotated token is written, so the comparison detects writing.
            bench.server.reconfigure { $0.repeatsRefreshToken = false }
            try await bench.erase(try #require(try await bench.get().output.password))
            #expect(try await bench.get().status == 0)
            #expect(try bench.keyrings != before)
        }
    }

    @Test func `an empty refresh token counts as none`() async throws {
        try await FailureBench.run(.configured, { $0.extraTokenMembers["refresh_token"] = "" }) { bench in
            try await bench.erase(try await bench.signIn())
            #expect(try await bench.get().status == 77)
        }
    }
}

extension FailureBench {
    /// The keyrings' files, byte for byte: each write changes them.
    fileprivate var keyrings: [String: Data] {
        get throws {
            let directory = session.session.home + "/.local/share/keyrings"
            let names = try FileManager.default.contentsOfDirectory(atPath: directory)
            return try Dictionary(
                uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: URL(filePath: "\(directory)/\($0)"))) })
        }
    }
}
