import Secrets

@testable import OAuth

/// An id_token as it came; and, since nobody finds base64url by chance, one of a header and claims on two lines, with
/// the issuer, client and nonce that are expected.
func fuzzIDToken(_ bytes: [UInt8]) throws {
    try fuzzWhole(Secret(bytes))
    let parts = bytes.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return }
    try fuzzWhole(Secret((parts.map { Base64URL.encode($0) } + ["c2ln"]).joined(separator: ".")))
}

private func fuzzWhole(_ token: Secret) throws {
    do {
        let result = try IDToken.claims(
            of: token, for: Client(id: "us"), from: "https://login.example.com", accessToken: Secret("t0ken"),
            nonce: "n0nce", now: 1_700_000_000)
        try require(isPlain(result.subject) && (1...255).contains(result.subject.utf8.count), "a subject that is none")
        try require(result.names.allSatisfy { !$0.isEmpty && isPlain($0) }, "a name that cannot be shown")
    } catch let error as OAuthError {
        try requirePlain(error)
    }
}
