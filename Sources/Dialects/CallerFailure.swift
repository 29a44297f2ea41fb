package import CredentialProtocol

/// The reason why a caller gets no answer: a code for programs, a line and hints for users, and an exit status
/// (sysexits(3)).
package struct CallerFailure: Error, Sendable, Equatable {
    /// Stable: programs may depend on the values.
    package enum Code: String, Sendable, CaseIterable {
        case noCredential = "no_credential"
        case usage
        case malformedRequest = "malformed_request"
        /// keyfob does not serve this URL.
        case unsupportedService = "unsupported_service"
        case keyringUnavailable = "keyring_unavailable"
        case keyringLocked = "keyring_locked"
        /// The network or the server cannot be reached.
        case offline
        /// The server or another process has a temporary problem: a retry later may succeed.
        case temporary
        /// The user has to sign in.
        case loginRequired = "login_required"
        /// The user or the server refused.
        case denied
        case configuration
        case `internal`

        /// The exit status unless the failure has a more specific one.
        package var status: Int32 {
            switch self {
            case .noCredential: 1
            case .usage, .unsupportedService: 64
            case .malformedRequest: 65
            case .keyringUnavailable, .keyringLocked: 69
            case .internal: 70
            case .offline, .temporary: 75
            case .loginRequired, .denied: 77
            case .configuration: 78
            }
        }
    }

    package var code: Code
    /// One line in lower case without a full stop. It contains no secret and no control character for a terminal.
    package var message: String
    package var hints: [String]
    package var status: Int32

    package init(_ code: Code, _ message: String? = nil, hints: [String] = [], status: Int32? = nil) {
        self.code = code
        self.message = message ?? code.rawValue.split(separator: "_").joined(separator: " ")
        self.hints = hints
        self.status = status ?? code.status
    }

    package static func noCredential(for request: CredentialRequest) -> CallerFailure {
        let url = request.url?.description ?? "\(request.protocolName)://\(request.host)"
        return CallerFailure(.noCredential, "no credential for \(url)")
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
                .malformedRequest, "the path of \"\(Printable.text(url))\" can be read in more than one way",
                hints: [Self.withoutAmbiguity])
        case .notAService(let url):
            self.init(
                .unsupportedService, "\"\(Printable.text(url))\" is not an https URL, nor http on a loopback host")
        }
    }

    /// The hint for a path that can be read in more than one way.
    package static let withoutAmbiguity =
        "write the path without dot segments, %2F, %5C and backslashes, or ask for the host alone"

    /// The lines for standard error.
    package var lines: [String] { ["keyfob: " + message] + hints.map { "hint: " + $0 } }

    /// The message and hints in one line, for protocols without room for more.
    package var sentence: String { ([message] + hints).joined(separator: "; ") }
}

/// Makes text from a caller safe to show.
enum Printable {
    /// Returns at most 200 characters. Every character other than visible ASCII and the space is replaced by `?`; `...`
    /// marks a cut.
    static func text(_ text: String) -> String {
        let shown = text.unicodeScalars.prefix(200).map { (0x20...0x7E).contains($0.value) ? Character($0) : "?" }
        return String(shown) + (text.unicodeScalars.count > 200 ? "..." : "")
    }
}
