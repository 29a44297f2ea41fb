import CredentialProtocol

/// What git-credential-store keeps (git-credential-store(1), "Storage format"): one URL a line, with user name and
/// password in it, percent-encoded. Of several for the same service and user, git takes the first.
enum PlaintextStore {
    /// Reads a file's lines; empty ones, and those that begin with `#`, say nothing.
    static func read(_ bytes: [UInt8], file: String, _ findings: inout Findings) {
        var number = 0
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            guard let first = line.first, first != UInt8(ascii: "#") else { continue }
            let place = FoundCredential.Place(file: file, line: number)
            if let request = CredentialRequest(found: Array(line)) {
                findings.add(FoundCredential(keeper: .store, kind: .password, request: request, place: place))
            } else {
                findings.note(.malformed("a URL with user name and password"), at: place)
            }
        }
    }
}
