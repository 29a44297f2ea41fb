package import Secrets

/// An access token as it lies in kernel memory: what is needed to answer a caller, and nothing that could renew it.
///
/// Shape of the payload: lines `key=value`, each ended by LF. Times are seconds since 1970-01-01 UTC.
package struct CachedAccessToken: Sendable, Equatable {
    /// The token itself.
    package var token: Secret
    /// The name that the service wants beside the token (git's `username`), where it wants one.
    package var username: String?
    /// When the server says the token ends; nil where it did not say.
    package var expiresAt: Int64?
    /// The whole life in seconds that the server gave; nil where it did not say.
    package var lifetime: Int64?
    /// Until when the token is handed out without a second thought.
    package var freshUntil: Int64

    package init(token: Secret, username: String?, expiresAt: Int64?, lifetime: Int64?, freshUntil: Int64) {
        self.token = token
        self.username = username
        self.expiresAt = expiresAt
        self.lifetime = lifetime
        self.freshUntil = freshUntil
    }

    /// Whether the token may still be given at `now` to a caller that named no need of its own.
    package func isFresh(at now: Int64) -> Bool { now < freshUntil }

    /// Whether `minTTL` seconds of life, or half of the whole life if that is less, are left at `now`.
    package func hasLife(_ minTTL: Int64, at now: Int64) -> Bool {
        guard let expiresAt else { return isFresh(at: now) }
        let wanted = lifetime.map { min(minTTL, $0 / 2) } ?? minTTL
        // Before now by more than any number can say is past all the same.
        let (left, isPast) = expiresAt.subtractingReportingOverflow(now)
        return !isPast && left >= max(wanted, 1)
    }

    /// The payload to be kept.
    package var payload: Secret {
        var bytes: [UInt8] = []
        func line(_ key: String, _ value: some Collection<UInt8>) {
            bytes.append(contentsOf: key.utf8)
            bytes.append(UInt8(ascii: "="))
            bytes.append(contentsOf: value)
            bytes.append(UInt8(ascii: "\n"))
        }
        line("fresh_until", String(freshUntil).utf8)
        if let expiresAt { line("expires_at", String(expiresAt).utf8) }
        if let lifetime { line("lifetime", String(lifetime).utf8) }
        if let username { line("username", username.utf8) }
        unsafe token.withBytes { unsafe line("token", $0) }
        return Secret(bytes)
    }

    /// Reads a payload; nil for anything that ``payload`` would not have written.
    package init?(payload: Secret) {
        var lines = payload.exposedBytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
        /// Takes the next line if it is `key`'s and reads as one; it is left over otherwise.
        func take<Value>(_ key: String, _ read: (ArraySlice<UInt8>) -> Value?) -> Value? {
            guard let line = lines.first, line.starts(with: (key + "=").utf8),
                let value = read(line.dropFirst(key.utf8.count + 1))
            else { return nil }
            lines.removeFirst()
            return value
        }
        func number(_ digits: ArraySlice<UInt8>) -> Int64? {
            let text = String(decoding: digits, as: UTF8.self)
            // In one spelling: neither `+1` nor `01`.
            return Int64(text).flatMap { String($0) == text ? $0 : nil }
        }
        // In the order of writing, each at most once: what is left over was never written, or twice.
        guard let freshUntil = take("fresh_until", number) else { return nil }
        let expiresAt = take("expires_at", number)
        let lifetime = take("lifetime", number)
        let username = take("username") { String(validating: $0, as: UTF8.self) }
        guard let token = take("token", { $0.isEmpty ? nil : Secret($0) }), lines.elementsEqual([[]])
        else { return nil }
        self.init(
            token: token, username: username, expiresAt: expiresAt, lifetime: lifetime, freshUntil: freshUntil)
    }
}
