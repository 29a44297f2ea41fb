import CredentialProtocol

/// The file of git-credential-store (git-credential-store(1), "Storage format"): one URL on each line with user name
/// and password, percent-encoded. If several lines have the same service and user, git uses the first.
enum PlaintextStore {
    /// Reads the lines of a file. Empty lines and lines that begin with `#` are skipped.
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
