import Secrets

@testable import OAuth

/// Checks the bytes as an id_token. The fuzzer does not find base64url by chance, so this function also takes the bytes
/// as a header and claims on two lines, and encodes these.
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
        try require(isPlain(result.subject) && (1...255).contains(result.subject.utf8.count), "an invalid subject")
        try require(result.names.allSatisfy { !$0.isEmpty && isPlain($0) }, "a name that cannot be shown")
    } catch let error as OAuthError {
        try requirePlain(error)
    }
}
