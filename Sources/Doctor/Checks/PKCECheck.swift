import KeyfobCore
import OAuth

/// The authorization server supports PKCE with S256 (RFC 7636), or the configuration says so.
struct PKCECheck: Check {
    let id = "pkce"
    let needs = ["metadata"]
    let condition = CheckCondition.service

    func look(_ context: CheckContext) throws -> Finding {
        guard let (account, metadata) = context.accountAndMetadata else { return .nothingToCheck }
        try account.pkce.check(metadata)
        let isAnnounced = metadata.codeChallengeMethodsSupported?.contains("S256") == true
        return .ok(
            isAnnounced ? "the server announces S256" : "the server does not announce S256; keyfob assumes it",
            ["announced": .truth(isAnnounced)])
    }
}
