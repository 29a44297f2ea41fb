import Addresses
import CredentialProtocol
import OAuth
import TestSupport
import Testing

@testable import Doctor

/// The checks of the way to the servers.
@Suite struct `Checks of the network` {
    @Test(
        arguments: [
            ([:], .ok, "none"), (["https_proxy": "http://user:x@proxy:3128"], .ok, "proxy:3128, by https_proxy"),
            (
                ["https_proxy": "http://proxy:3128", "no_proxy": "example.com"], .ok,
                "none for this host, although https_proxy names one"
            ),
            (["all_proxy": "gopher://x"], .failed, "all_proxy names a kind of proxy that keyfob does not know"),
        ] as [([String: String], Finding.Status, String)])
    func `a proxy must be valid`(
        _ variables: [String: String], _ status: Finding.Status, _ summary: String
    ) async throws {
        let finding = try await FakeParts(variables: variables).look(ProxyCheck())
        #expect((finding.status, finding.summary) == (status, summary))
    }

    private static let system = "/etc/ssl/certs/ca-certificates.crt"

    static let authorities: [(String?, String?, Bool, [String], Finding.Status, String)] = [
        (nil, nil, false, [system], .ok, "the system's"),
        (nil, nil, false, [], .warning, "this system has no certificate authorities"),
        ("/r", nil, false, ["/r"], .ok, "/r in place of the system's, by SSL_CERT_FILE"),
        ("/r", "/a", false, ["/r", "/a"], .ok, "/r in place of the system's, by SSL_CERT_FILE, and /a, by ca_file"),
        ("/r", nil, false, [system], .failed, "/r cannot be read, which SSL_CERT_FILE names"),
        (nil, "/a", false, [system], .failed, "/a cannot be read, which ca_file names"),
        (
            nil, nil, true, [system], .warning,
            "git trusts every certificate (http.sslVerify); keyfob trusts the system's"
        ),
    ]

    @Test(arguments: authorities)
    func `the files of authorities must be readable`(
        _ replacement: String?, _ addition: String?, _ gitTrustsAll: Bool, _ readable: [String],
        _ status: Finding.Status, _ summary: String
    ) {
        let finding = AuthoritiesCheck.finding(
            replacement: replacement.map { .init(file: $0, setting: "SSL_CERT_FILE") },
            addition: addition.map { .init(file: $0, setting: "ca_file") }, gitTrustsAll: gitTrustsAll,
            isReadable: { readable.contains($0) })
        #expect((finding.status, finding.summary) == (status, summary))
    }

    @Test(
        arguments: [
            ("https://a.example.com", 401, .ok, "answers, and its certificate is valid (HTTP 401)"),
            ("http://127.0.0.1", 200, .ok, "answers, on this machine (HTTP 200)"),
            (
                "https://a.example.com", 500, .warning,
                "answers, and its certificate is valid, but with an error (HTTP 500)"
            ),
            ("https://a.example.com", nil, .ok, "answers, and its certificate is valid"),
        ] as [(String, Int?, Finding.Status, String)])
    func `a service that answers with an error is a warning`(
        _ url: String, _ httpStatus: Int?, _ status: Finding.Status, _ summary: String
    ) throws {
        let finding = ServiceCheck.finding(try ServiceURL(url), httpStatus: httpStatus)
        #expect((finding.status, finding.summary) == (status, summary))
    }

    @Test func `an error of a request names the proxy`() async throws {
        let request = CredentialRequest(protocolName: "https", host: "git.example.com")
        let network = ScriptedTransport(["https://git.example.com": [.failure(.listenerFailed(reason: "x"))]])
        let finding = try await FakeParts(network: network).look(
            ServiceCheck(), request: request,
            after: { $0.notes.note { $0.proxy = .init(address: "proxy:3128", source: "https_proxy") } })
        #expect(finding.hints.last == "all requests go through the proxy proxy:3128, named by https_proxy")
    }

    @Test(
        arguments: [
            ([:], .skipped, "no server sent its time"), (["a": 10], .ok, "correct, to within 60 seconds"),
            (["a": 10, "b": -100], .warning, "100 seconds behind b"),
            (["a": 400, "b": -100], .failed, "6 minutes ahead of a"),
        ] as [([String: Int64], Finding.Status, String)])
    func `the clock is compared with the server that differs most`(
        _ skews: [String: Int64], _ status: Finding.Status, _ summary: String
    ) throws {
        let date = "Thu, 01 Jan 1970 00:00:00 GMT"
        let finding = ClockCheck.finding(skews.compactMapValues { ClockSkew(date: date, age: nil, now: $0) })
        #expect((finding.status, finding.summary) == (status, summary))
    }
}
