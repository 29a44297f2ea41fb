package import Secrets

/// An access token in kernel memory: the data needed to answer a caller, and nothing that can renew the token.
///
/// The payload consists of lines `key=value`, each ended by LF. Times are in seconds since 1970-01-01 UTC.
package struct CachedAccessToken: Sendable, Equatable {
    /// The token itself.
    package var token: Secret
    /// The user name that the service expects with the token (git's `username`); nil if it expects none.
    package var username: String?
    /// When the token expires by the server's answer; nil if the server did not say.
    package var expiresAt: Int64?
    /// The whole lifetime in seconds by the server's answer; nil if the server did not say.
    package var lifetime: Int64?
    /// Until this time the token is used without a further check.
    package var freshUntil: Int64
    /// A random name for the token, which reveals nothing of it. Nil if the token has just been issued, or comes from an
    /// older version.
    package var serial: String?

    package init(
        token: Secret, username: String?, expiresAt: Int64?, lifetime: Int64?, freshUntil: Int64,
        serial: String? = nil
    ) {
        self.token = token
        self.username = username
        self.expiresAt = expiresAt
        self.lifetime = lifetime
        self.freshUntil = freshUntil
        self.serial = serial
    }

    /// Whether the token may be used at `now` for a caller that requires no minimum lifetime.
    package func isFresh(at now: Int64) -> Bool { now < freshUntil }

    /// Whether `minTTL` seconds of lifetime are left at `now`. Half of the whole lifetime is enough if that is less.
    package func hasLife(_ minTTL: Int64, at now: Int64) -> Bool {
        guard let expiresAt else { return isFresh(at: now) }
        let wanted = lifetime.map { min(minTTL, $0 / 2) } ?? minTTL
        // On overflow, the expiry lies so far before `now` that the token has expired.
        let (left, isPast) = expiresAt.subtractingReportingOverflow(now)
        return !isPast && left >= max(wanted, 1)
    }

    /// The payload to store.
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
        if let serial { line("serial", serial.utf8) }
        unsafe token.withBytes { unsafe line("token", $0) }
        return Secret(bytes)
    }

    /// Parses a payload. Returns nil for anything that ``payload`` would not have written.
    package init?(payload: Secret) {
        var lines = payload.exposedBytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
        /// Takes the next line if its key is `key` and its value can be read; otherwise leaves it.
        func take<Value>(_ key: String, _ read: (ArraySlice<UInt8>) -> Value?) -> Value? {
            guard let line = lines.first, line.starts(with: (key + "=").utf8),
                let value = read(line.dropFirst(key.utf8.count + 1))
            else { return nil }
            lines.removeFirst()
            return value
        }
        func number(_ digits: ArraySlice<UInt8>) -> Int64? {
            let text = String(decoding: digits, as: UTF8.self)
            // Only the spelling that ``payload`` writes: neither `+1` nor `01`.
            return Int64(text).flatMap { String($0) == text ? $0 : nil }
        }
        // The lines are read in the order of writing, each at most once. A line that is left is unknown or a duplicate.
        guard let freshUntil = take("fresh_until", number) else { return nil }
        let expiresAt = take("expires_at", number)
        let lifetime = take("lifetime", number)
        let username = take("username") { String(validating: $0, as: UTF8.self) }
        let serial = take("serial") { String(validating: $0, as: UTF8.self) }
        guard let token = take("token", { $0.isEmpty ? nil : Secret($0) }), lines.elementsEqual([[]])
        else { return nil }
        self.init(
            token: token, username: username, expiresAt: expiresAt, lifetime: lifetime, freshUntil: freshUntil,
            serial: serial)
    }
}
