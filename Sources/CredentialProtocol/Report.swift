/// The reason why a command or a caller gets no answer: a code for programs, a line and hints for users, and an exit
/// status.
///
/// This is the one type for "what went wrong". Code below the executables throws typed errors; one initialiser turns an
/// error into a report, which is then printed, encoded for a caller, or shown by `keyfob doctor`.
package struct Report: Error, Sendable, Equatable {
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
    }

    package var code: Code
    /// One line in lower case without a full stop. It contains no secret and no control character for a terminal. It is
    /// empty if only the exit status matters.
    package var message: String
    /// Ways to correct the problem, one line each.
    package var hints: [String]
    /// The exit status (sysexits(3)).
    package var status: Int32
    /// Whether the user has decided, so that the caller must not ask the user in another way.
    package var isFinal = false

    /// - Parameters:
    ///   - message: by default the words of the code.
    ///   - status: by default the exit status of the code.
    package init(_ code: Code, _ message: String? = nil, hints: [String] = [], status: Int32? = nil) {
        self.code = code
        self.message = message ?? code.rawValue.split(separator: "_").joined(separator: " ")
        self.hints = hints
        self.status = status ?? code.status
    }

    /// A report whose code is the usual one for the exit status.
    package init(_ message: String, hint: String? = nil, status: Int32) {
        self.init(Code(status: status), message, hints: hint.map { [$0] } ?? [], status: status)
    }

    /// The lines for standard error: the message after the name of the program, then the hints.
    package var lines: [String] {
        (message.isEmpty ? [] : ["keyfob: " + message]) + hints.map { "hint: " + $0 }
    }

    /// The message and hints in one line, for protocols without room for more.
    package var sentence: String { ([message] + hints).joined(separator: "; ") }
}

extension Report.Code {
    /// The exit status unless the report has a more specific one.
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

    /// The usual code for an exit status.
    package init(status: Int32) {
        self =
            switch status {
            case 1: .noCredential
            case 64: .usage
            case 65: .malformedRequest
            case 69: .keyringUnavailable
            case 75: .temporary
            case 77: .loginRequired
            case 78: .configuration
            default: .internal
            }
    }
}
