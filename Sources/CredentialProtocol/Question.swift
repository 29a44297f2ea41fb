package import Addresses

/// The question of a caller.
package enum Question: Sendable, Equatable {
    /// Return a credential. keyfob may ask the user for it only if `interaction` is not `never`.
    case get(CredentialRequest)
    /// The same for a user whose last credential no longer works. keyfob does not return a remembered access token.
    case renew(CredentialRequest)
    /// Store the credential in the request.
    case store(CredentialRequest)
    /// Delete the credential in the request.
    case erase(CredentialRequest)
    /// List the accounts.
    case list
    /// No lookup is needed: the answer is known. For example a version, the first phase of a two-phase protocol, or the
    /// reason why the question is invalid.
    case reply(Reply)

    package init(_ operation: Operation, _ request: CredentialRequest) {
        self =
            switch operation {
            case .get: .get(request)
            case .store: .store(request)
            case .erase: .erase(request)
            }
    }

    /// The request; nil if the question has none.
    package var request: CredentialRequest? {
        switch self {
        case .get(let request), .renew(let request), .store(let request), .erase(let request): request
        case .list, .reply: nil
        }
    }
}

/// A credential, with the facts that its answer needs.
package struct Answer: Sendable, Equatable {
    package var response: CredentialResponse
    /// The service of the account that gave the token; it may be wider than the requested one. Nil for a stored
    /// password.
    package var service: ServiceURL?
    /// The current time in seconds since 1970.
    package var now: Int64

    package init(_ response: CredentialResponse, service: ServiceURL? = nil, now: Int64) {
        (self.response, self.service, self.now) = (response, service, now)
    }
}

/// One account that is signed in.
package struct ListedAccount: Sendable, Equatable {
    package var url: String
    package var username: String

    package init(url: String, username: String) {
        (self.url, self.username) = (url, username)
    }
}

/// The answer to the caller.
package struct Reply: Sendable, Equatable {
    /// The bytes for standard output, written at once.
    package var output: [UInt8]
    /// Lines for standard error.
    package var complaint: [String]
    package var status: Int32
    /// Whether a conversation ends after this reply. Other exchanges have only one reply.
    package var isLast = false

    package init(_ output: [UInt8] = [], complaint: [String] = [], status: Int32 = 0) {
        (self.output, self.complaint, self.status) = (output, complaint, status)
    }

    package init(_ output: String, complaint: [String] = [], status: Int32 = 0) {
        self.init(Array(output.utf8), complaint: complaint, status: status)
    }

    /// The report on standard error, with its exit status.
    package init(_ report: Report) {
        self.init(complaint: report.lines, status: report.status)
    }

    /// Ends a conversation without output.
    package static var end: Reply {
        var reply = Reply()
        reply.isLast = true
        return reply
    }
}
