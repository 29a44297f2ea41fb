import Addresses
import CredentialProtocol
import OAuth
import TestSupport
import Testing

@testable import KeyfobCore

/// Finds the authorization server of a service from its URL.
@Suite struct `Finding the server of a service` {
    private static let origin = "https://notes.example.com"
    private static let service = origin + "/team/mcp"
    private static let root = origin + "/.well-known/oauth-protected-resource"
    private static let place = root + "/team/mcp"
    private static let issuer = "https://login.example.com"

    private static func challenge(_ parameters: String) -> ScriptedTransport.Answer {
        .status(401, fields: [(name: "WWW-Authenticate", value: "Bearer " + parameters)])
    }

    private static func metadata(
        of resource: String = service, servers: [String] = [issuer], scopes: String = ""
    ) -> ScriptedTransport.Answer {
        let list = servers.map { "\"\($0)\"" }.joined(separator: ",")
        return .json("{\"resource\":\"\(resource)\",\"authorization_servers\":[\(list)]\(scopes)}")
    }

    private static func find(
        _ transport: ScriptedTransport, _ url: String = service, challenges: [String] = [], pinned: String? = nil
    ) async throws -> ServerFinder.Finding {
        try await ServerFinder(transport: transport)
            .find(try ServiceURL(url), challenges: challenges, pinned: pinned)
    }

    @Test(arguments: ["https://github.com/o/r.git", "https://codeberg.org/o/r.git", "https://o.googlesource.com/r"])
    func `sends no request for a known host`(_ url: String) async throws {
        let transport = ScriptedTransport([:])
        let finding = try await Self.find(transport, url)
        #expect(transport.requests.isEmpty)
        let origin = try ServiceURL(try ServiceURL(url).origin)
        #expect(finding.host == Configuration.Host(service: origin))
        #expect(finding.steps.count == 1)
    }

    @Test func `follows the service's metadata, and reports each step`() async throws {
        let transport = ScriptedTransport([
            Self.service: [Self.challenge(#"scope="a b""#)],
            Self.place: [Self.metadata(scopes: ",\"scopes_supported\":[\"a\",\"b\",\"c\"]")],
        ])
        let finding = try await Self.find(transport)
        #expect(finding.host.service == (try ServiceURL(Self.service)))
        #expect(finding.host.server == .issuer(Self.issuer))
        #expect(finding.host.resource == .uri(Self.service))
        #expect(finding.host.scopes == ["a", "b"])
        #expect(finding.host.offlineAccess == true)
        #expect(finding.host.clientID == nil)
        #expect(
            finding.steps == [
                .challenge(resourceMetadata: nil, scope: ["a", "b"]),
                .resourceMetadata(resource: Self.service, servers: [Self.issuer]),
            ])
        #expect(transport.addresses == [Self.service, Self.place])
    }

    @Test func `does not request a challenge that the caller has passed on`() async throws {
        let elsewhere = Self.origin + "/metadata"
        let transport = ScriptedTransport([elsewhere: [Self.metadata(scopes: ",\"scopes_supported\":[\"c\"]")]])
        let fields = ["Basic realm=\"x\"", "Bearer resource_metadata=\"\(elsewhere)\""]
        let finding = try await Self.find(transport, challenges: fields)
        #expect(transport.addresses == [elsewhere])
        // If the challenge has no scopes, those of the metadata count.
        #expect(finding.host.scopes == ["c"])
    }

    /// The `resource` of the metadata, their location, and the service that they then decide for.
    ///
    /// Metadata decide for more than the requested service only at a well-known location of the resource that they
    /// name. Otherwise one path could decide for its whole origin.
    @Test(arguments: [
        (service, place, service), (origin + "/team", place, service), (origin, place, service),
        (origin + "/team", root + "/team", origin + "/team"), (origin + "/team/", root + "/team/", origin + "/team"),
        (origin, root + "/team", service), (origin, root, origin), (origin + "/", root, origin),
        (origin + "/team", root, origin + "/team"), (origin, origin + "/team/metadata", service),
        (origin, root + "?a", service), (origin, root + "/../../team/doc", service),
        (origin, root + "/%2e%2e/team/doc", service), (origin, root + "-of-team", service),
    ])
    func `decides for the whole resource if its own location has the metadata`(
        _ resource: String, _ place: String, _ expected: String
    ) async throws {
        let transport = ScriptedTransport([
            Self.service: [Self.challenge("resource_metadata=\"\(place)\"")], place: [Self.metadata(of: resource)],
        ])
        let finding = try await Self.find(transport)
        #expect(finding.host.service == (try ServiceURL(expected)))
        // At any other location, the metadata of a path decide for that path only.
        let mayNameMore = [Self.place, Self.root].contains(place) || expected == resource || expected + "/" == resource
        #expect(finding.host.resource == .uri(mayNameMore ? resource : Self.service))
    }

    /// Metadata at the location of one path name the whole origin. They count for the origin if the origin's own
    /// location says the same.
    @Test(arguments: [([issuer], true), ([issuer, issuer], false), (["https://other.example"], false), ([], false)])
    func `decides for the named resource if that resource's own location says the same`(
        _ servers: [String], _ isConfirmed: Bool
    ) async throws {
        let transport = ScriptedTransport([
            Self.place: [Self.metadata(of: Self.origin)], Self.root: [Self.metadata(of: Self.origin, servers: servers)],
        ])
        let finding = try await Self.find(transport)
        #expect(finding.host.service == (try ServiceURL(isConfirmed ? Self.origin : Self.service)))
        #expect(finding.host.server == .issuer(Self.issuer))
        #expect(finding.claimedService == (try ServiceURL(Self.origin)))
    }

    // RFC 9728 section 7.6.
    @Test(
        arguments: [
            (nil, "https://a.example"), ("https://b.example", "https://b.example"),
            ("https://c.example", "https://a.example"), ("https://B.example", "https://a.example"),
        ] as [(String?, String)])
    func `takes the known server if there are several, else the first if none answers`(
        _ pinned: String?, _ expected: String
    ) async throws {
        let transport = ScriptedTransport([
            Self.place: [Self.metadata(servers: ["https://a.example", "https://b.example"])]
        ])
        #expect(try await Self.find(transport, pinned: pinned).host.server == .issuer(expected))
    }

    /// The service trusts all of the servers that it names, so an outage of one lets no attacker choose another.
    @Test(
        arguments: [
            (["not an address", "https://b.example"], nil), (["http://a.example", "https://b.example"], nil),
            (["https://a.example", "https://b.example"], .failure(.unreachable(host: "a.example", reason: "down"))),
            (["https://a.example", "https://b.example"], .status(503)),
            (["https://a.example", "https://b.example"], .body("<html>", type: "text/html")),
            (["https://a.example", "https://a2.example", "https://b.example"], server("https://other.example")),
        ] as [([String], ScriptedTransport.Answer?)])
    func `passes over a server that cannot be used if another one can`(
        _ servers: [String], _ first: ScriptedTransport.Answer?
    ) async throws {
        let path = "/.well-known/oauth-authorization-server"
        let transport = ScriptedTransport([
            Self.place: [Self.metadata(servers: servers)],
            "https://a.example" + path: [first ?? .status(404)],
            "https://b.example" + path: [Self.server("https://b.example")],
        ])
        #expect(try await Self.find(transport).host.server == .issuer("https://b.example"))
    }

    @Test func `says what each server answered if all of them are down`() async throws {
        let servers = (1...9).map { "https://s\($0).example" }
        let down = servers.map { server in
            (
                server + "/.well-known/oauth-authorization-server",
                [ScriptedTransport.Answer.failure(.unreachable(host: "h", reason: "down"))]
            )
        }
        let transport = ScriptedTransport(
            Dictionary(uniqueKeysWithValues: down + [(Self.place, [Self.metadata(servers: servers)])]))
        let error = try #require(
            await #expect(throws: (any Error).self) {
                try await ServerFinder(transport: transport).find(try ServiceURL(Self.service))
            })
        guard case OAuthError.metadataNotFound(_, let answers) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(
            Set(answers.compactMap { try? EndpointURL($0.location).host }).isSuperset(
                of: (1...4).map { "s\($0).example" }))
        #expect((error as? OAuthError)?.isTransient == true)
    }

    @Test func `asks at most four servers, and none in a private network before the user agrees`() async throws {
        let servers = (1...9).map { "https://s\($0).example" }
        let transport = ScriptedTransport([Self.place: [Self.metadata(servers: servers)]])
        let finder = ServerFinder(
            transport: transport, reach: { $0.host == "s2.example" ? .privateNetworks(of: $1) : .asPublicAs($1) })
        #expect(try await finder.find(try ServiceURL(Self.service)).host.server == .issuer("https://s1.example"))
        let asked = Set(transport.requests.map(\.url.host))
        #expect(asked == ["notes.example.com", "s1.example", "s3.example", "s4.example"])
    }

    @Test func `of which none is allowed is an error`() async throws {
        let error = OAuthError.addressTooNear(host: "a.example", resource: "notes.example.com")
        for servers in [["https://a.example"], ["https://a.example", "https://b.example", "x"]] {
            let transport = ScriptedTransport([Self.place: [Self.metadata(servers: servers)]])
            let finder = ServerFinder(transport: transport, reach: { _, _ in throw error })
            await #expect(throws: error) { try await finder.find(try ServiceURL(Self.service)) }
        }
    }

    /// The origin's own issuer would be a guess.
    @Test(arguments: [.failure(.timedOut(host: "h", seconds: 15)), .status(503)] as [ScriptedTransport.Answer])
    func `waits for the metadata that the challenge names`(_ answer: ScriptedTransport.Answer) async throws {
        let transport = ScriptedTransport([
            Self.service: [Self.challenge(#"resource_metadata="\#(Self.origin)/meta""#)],
            Self.origin + "/meta": [answer], Self.ownPlace: [Self.server(Self.origin)],
        ])
        let failure = await #expect(throws: CredentialFailure.self) { try await Self.find(transport) }
        guard case .serverNotFound(try ServiceURL(Self.service), let error) = failure, error.isOutage else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    /// Metadata without a server say nothing, and neither does a location that does not answer.
    @Test(arguments: [
        metadata(servers: []), .failure(.timedOut(host: "h", seconds: 15)), .failure(.answerLost(host: "h")),
        .status(500), .status(404),
    ])
    func `goes on to the service's own issuer if no metadata name a server`(
        answer: ScriptedTransport.Answer
    ) async throws {
        for isThere in [true, false] {
            let scripts = [Self.service: [answer], Self.place: [answer], Self.root: [answer]]
            let own = isThere ? [Self.ownPlace: [Self.server(Self.origin)]] : [:]
            // Each location and its answer are named, if one may have metadata later.
            do {
                let host = try await Self.find(ScriptedTransport(scripts.merging(own) { $1 })).host
                #expect(isThere && host.server == .issuer(Self.origin))
            } catch CredentialFailure.serverNotFound(_, .metadataNotFound(_, let answers)) {
                #expect(!isThere && answers.count >= 4)
                #expect(answers.map(\.location).contains(Self.place))
            } catch OAuthError.metadataNotFound(_, let answers) {
                #expect(!isThere && answers.count >= 4)
            } catch {
                #expect(!isThere)
                #expect(error as? CredentialFailure == .notConfigured(service: try ServiceURL(Self.service)))
                guard case .response(let response) = answer, response.status < 500 else {
                    Issue.record("\(error)")
                    return
                }
            }
        }
    }

    // MARK: Without metadata of the resource

    private static let ownPlace = origin + "/.well-known/oauth-authorization-server"

    private static func server(_ issuer: String) -> ScriptedTransport.Answer {
        .json(
            """
            {"issuer":"\(issuer)","authorization_endpoint":"\(issuer)/a","token_endpoint":"\(issuer)/t",\
            "code_challenge_methods_supported":["S256"]}
            """)
    }

    @Test func `accepts the service's own origin as its server`() async throws {
        let transport = ScriptedTransport([Self.ownPlace: [Self.server(Self.origin)]])
        let finding = try await Self.find(transport)
        #expect(finding.host.service == (try ServiceURL(Self.origin)))
        #expect(finding.host.server == .issuer(Self.origin))
        // Nothing has named a resource, so keyfob sends none.
        #expect(finding.host.resource == nil)
        #expect(finding.host.offlineAccess == nil)
        #expect(finding.steps == [.noChallenge, .noResourceMetadata, .ownIssuer(Self.origin)])
    }

    // The service has no metadata of its own, but serves those of the user's real authorization server. It must not get
    // a token of that server (CVE-2026-115563).
    @Test(arguments: [issuer, origin + "/team", "https://NOTES.example.com", origin + ":443"])
    func `accepts no other issuer at the service's origin`(_ issuer: String) async throws {
        let transport = ScriptedTransport([Self.ownPlace: [Self.server(issuer)]])
        let error = await #expect(throws: OAuthError.self) { try await Self.find(transport) }
        #expect(error?.explanation == .issuerMismatch(expected: Self.origin, found: issuer))
        #expect(!transport.addresses.contains { $0.hasPrefix(issuer + "/a") || $0.hasPrefix(issuer + "/t") })
    }

    @Test(arguments: [.status(404), .status(302), .body("<html>", type: "text/html")] as [ScriptedTransport.Answer])
    func `finds none if nothing is published`(_ answer: ScriptedTransport.Answer) async throws {
        let transport = ScriptedTransport([Self.ownPlace: [answer]])
        await #expect(throws: CredentialFailure.notConfigured(service: try ServiceURL(Self.service))) {
            try await Self.find(transport)
        }
    }

    private static let openPlace = origin + "/.well-known/openid-configuration"

    @Test(
        arguments: [
            (#"["openid","profile"]"#, nil, ["openid"]), (#"["openid"]"#, #"["repo"]"#, ["openid"]),
            (nil, #"["email","openid"]"#, ["openid"]), (#""openid email""#, nil, ["openid"]), (#"["repo"]"#, nil, nil),
            (nil, nil, nil), (#"["OpenID"]"#, "7", nil),
        ] as [(String?, String?, [String]?)])
    func `requests openid if the origin is an issuer of OpenID Connect`(
        _ first: String?, _ second: String?, _ expected: [String]?
    ) async throws {
        func document(_ scopes: String?) -> ScriptedTransport.Answer {
            .json(
                """
                {"issuer":"\(Self.origin)","authorization_endpoint":"\(Self.origin)/a","token_endpoint":\
                "\(Self.origin)/t","code_challenge_methods_supported":["S256"],"scopes_supported":\(scopes ?? "null")}
                """)
        }
        let transport = ScriptedTransport([Self.ownPlace: [document(first)], Self.openPlace: [document(second)]])
        let host = try await Self.find(transport).host
        #expect(host.scopes == expected)
        #expect(host.offlineAccess == (expected == nil ? nil : true))
    }

    @Test func `requests the scopes of the challenge and no others`() async throws {
        let transport = ScriptedTransport([
            Self.service: [Self.challenge(#"scope="a""#)], Self.ownPlace: [Self.server(Self.origin)],
        ])
        #expect(try await Self.find(transport).host.scopes == ["a"])
        #expect(!transport.addresses.contains(Self.openPlace))
    }

    @Test(arguments: ["https://evil.example/meta", "/meta", "http://notes.example.com/meta", "javascript:x"])
    func `ignores a bad resource_metadata of the challenge`(_ advertised: String) async throws {
        let challenge = Self.challenge(#"resource_metadata="\#(advertised)""#)
        let own = ScriptedTransport([Self.service: [challenge], Self.ownPlace: [Self.server(Self.origin)]])
        #expect(try await Self.find(own).host.server == .issuer(Self.origin))
        let named = ScriptedTransport([Self.service: [challenge], Self.place: [Self.metadata()]])
        #expect(try await Self.find(named).host.server == .issuer(Self.issuer))
        #expect(!(own.addresses + named.addresses).contains(advertised))
        // Without another way, the challenge is what the user can mend.
        let error = await #expect(throws: OAuthError.self) {
            try await Self.find(ScriptedTransport([Self.service: [challenge]]))
        }
        #expect(error?.explanation == nil && error != nil)
    }

    /// The address at which the request fails. If keyfob looked further, an attacker who disturbs one request could
    /// choose the next location.
    @Test(arguments: [service, place, origin + "/.well-known/oauth-protected-resource", ownPlace])
    func `does not look further after a failed request`(_ address: String) async throws {
        let failure = OAuthError.unreachable(host: "notes.example.com", reason: "down")
        let transport = ScriptedTransport([address: [.failure(failure)]])
        await #expect(throws: failure) { try await Self.find(transport) }
        #expect(transport.addresses.last == address)
    }
}
