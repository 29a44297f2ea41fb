package import Addresses
import CredentialProtocol
package import OAuth
import Secrets

/// A guess which known program runs on a host of the user's own. It grants nothing: the user decides about it.
package struct ForgeGuess: Sendable, Equatable {
    package let host: KnownHost
    package let sign: Sign
    /// The entry that the user may accept. It is for the origin, because git passes no paths to helpers.
    package let entry: Configuration.Host

    /// The reason for the guess.
    package enum Sign: Sendable, Equatable {
        /// A `realm` of the challenge (RFC 9110 section 11.5).
        case realm(String)
        /// The metadata of the authorization server.
        case metadata
        /// A word of the host's name.
        case name
    }

    private init(_ host: KnownHost, _ sign: Sign, for service: ServiceURL, issuer: String?) throws {
        var entry = Configuration.Host(service: try ServiceURL(service.origin))
        // The host names its server, as in discovery: endpoints on other hosts need the user's consent.
        (entry.provider, entry.issuer, entry.reach) = (host.provider, issuer ?? host.address(for: service), .service)
        (self.host, self.sign, self.entry) = (host, sign, entry)
    }

    /// Guesses from the challenge, then from the metadata, then from the host's name. Sends requests only to the origin of
    /// `service`, which the user has named.
    ///
    /// - Parameter readsMetadata: false if the metadata are known to say nothing.
    /// - Returns: nil if nothing says enough, or if the host is in the table of known hosts.
    package static func guess(
        _ service: ServiceURL, readsMetadata: Bool = true, over transport: any HTTPTransport
    ) async -> ForgeGuess? {
        guard KnownHost.match(service, provider: nil) == nil else { return nil }
        let realms = await realms(of: service, transport)
        let told = realms?.lazy.compactMap { realm in host(in: realm).map { ($0, Sign.realm(realm)) } }.first
        // A host that does not answer is asked for nothing else.
        let found =
            realms == nil || !readsMetadata
            ? nil : await published(service, among: told.map { [$0.0] } ?? KnownHost.ofOnesOwn, transport)
        let named = host(in: words(of: service.host).dropLast().joined(separator: " ")).map { ($0, Sign.name) }
        guard let (host, sign) = told ?? found.map({ ($0.0, .metadata) }) ?? named else { return nil }
        return try? ForgeGuess(host, sign, for: service, issuer: found?.issuer)
    }

    /// The realms in the answer to git's first request for a repository; nil if there is no answer.
    private static func realms(of service: ServiceURL, _ transport: any HTTPTransport) async -> [String]? {
        guard let url = try? EndpointURL(service.description + "/info/refs?service=git-upload-pack"),
            let fields = try? await ResourceDiscovery(transport: transport).challengeFields(of: url)
        else { return nil }
        return AuthenticationChallenge.parse(fields).compactMap { $0.parameters["realm"] }
    }

    /// The program whose metadata are at the origin or below the first segments of the path, and its issuer if that is not
    /// the origin.
    private static func published(
        _ service: ServiceURL, among hosts: [KnownHost], _ transport: any HTTPTransport
    ) async -> (KnownHost, issuer: String?)? {
        let discovery = Discovery(transport: transport)
        for depth in 0...min(service.pathSegments.count, deepest) {
            let base = ([service.origin] + service.pathSegments.prefix(depth)).joined(separator: "/")
            guard let metadata = await discovery.published(at: base),
                let host = hosts.first(where: { $0.isTypical(metadata) })
            else { continue }
            return (host, depth == 0 ? nil : metadata.issuer)
        }
        return nil
    }

    /// The number of path segments below which a forge may run.
    private static let deepest = 2

    /// The program of which `text` has the name as a word.
    private static func host(in text: String) -> KnownHost? {
        let words = words(of: text)
        return KnownHost.ofOnesOwn.first { words.holdsSame(as: $0.word) }
    }

    /// The words of ASCII letters and digits in `text`, in lower case.
    private static func words(of text: String) -> [String] {
        text.asciiLowercased.utf8.split { !(0x61...0x7A).contains($0) && !(0x30...0x39).contains($0) }
            .map { String(decoding: $0, as: UTF8.self) }
    }
}

extension KnownHost {
    /// The programs that may run on a host of the user's own.
    fileprivate static let ofOnesOwn = ownProviders.compactMap(row(of:))

    /// The word by which the program names itself.
    fileprivate var word: String { String(provider.prefix { $0 != "-" }) }
}
