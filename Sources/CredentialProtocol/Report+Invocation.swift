import Addresses
import Secrets

extension Report {
    package static func noCredential(for request: CredentialRequest) -> Report {
        let url = request.url?.description ?? "\(request.protocolName)://\(request.host)"
        // A misspelt scheme is one that keyfob does not know.
        let meant = request.url == nil ? ServiceURL.proposal(for: url) : nil
        return Report(.noCredential, "no credential for \(url)", hints: meant.map { ["did you mean \($0)?"] } ?? [])
    }

    /// Describes what is wrong with an invocation.
    package init(_ error: InvocationError) {
        switch error {
        case .usage(let usage): self.init(.usage, "usage: \(usage)")
        case .tooLarge:
            self.init(.malformedRequest, "the request is larger than \(Invocation.maximumInput) bytes")
        case .malformed(let what): self.init(.malformedRequest, "\(what) is malformed")
        case .missing(let what): self.init(.malformedRequest, "the request names no \(what)")
        case .unknownOperation(let word): self.init(.usage, "no such operation: \(Printable.text(word))")
        case .ambiguousPath(let url):
            self.init(
                .malformedRequest, "the path of \"\(Printable.address(url))\" can be read in more than one way",
                hints: [Self.withoutAmbiguity])
        case .notAService(let url):
            self.init(
                .unsupportedService,
                "\"\(Printable.address(url))\" is neither an https URL nor an http URL of a loopback host",
                hints: ServiceURL.proposal(for: url).map { ["write \($0)"] } ?? [])
        case .request(let error, let meant):
            self.init(error)
            if let meant { hints = ["write url=\(meant)"] }
        }
    }

    /// The hint for a path that can be read in more than one way.
    package static let withoutAmbiguity =
        "write the path without dot segments, %2F, %5C and backslashes, or ask for the host alone"
}

/// Makes text from a caller safe to show.
enum Printable {
    /// Returns at most 200 characters. Every character other than visible ASCII and the space is replaced by `?`; `...`
    /// marks a cut.
    static func text(_ text: String) -> String {
        let shown = text.unicodeScalars.prefix(200).map { (0x20...0x7E).contains($0.value) ? Character($0) : "?" }
        return String(shown) + (text.unicodeScalars.count > 200 ? "..." : "")
    }

    /// The same for an address, which may hold a password.
    static func address(_ url: String) -> String { text(Secrets.Printable.withoutSecrets(url)) }
}
