import CredentialProtocol
import Secrets

/// Reads `text` as git's request.
func git(_ text: String, _ operation: Operation = .get) throws(RequestError) -> CredentialRequest {
    try GitDialect().decode(Array(text.utf8), for: operation)
}

/// Reads `text` as the request of a caller that is not git.
func line(_ text: String, _ operation: Operation = .get) throws(RequestError) -> CredentialRequest {
    try LineDialect().decode(Array(text.utf8), for: operation)
}

/// The two lines at the start of most requests.
let service = "protocol=https\nhost=git.example.com\n"
