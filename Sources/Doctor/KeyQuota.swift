/// The number and size of the keys that the kernel keeps for a user, and their limits (proc_key-users(5)).
package struct KeyQuota: Sendable, Equatable {
    package let keys, maximumKeys, bytes, maximumBytes: Int64

    /// Parses the line of `user` in `/proc/key-users`; returns nil if there is none:
    ///
    ///     1000:    12 11/11 7/200 312/20000
    ///
    /// (user, references, keys/instantiated keys, quota of keys and quota of bytes, each as used/maximum).
    package init?(_ text: String, user: UInt32) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 5, words[0] == "\(user):" else { continue }
            guard let keys = Self.pair(words[3]), let bytes = Self.pair(words[4]) else { return nil }
            (self.keys, maximumKeys, self.bytes, maximumBytes) = (keys.0, keys.1, bytes.0, bytes.1)
            return
        }
        return nil
    }

    /// Whether less than a fifth of either quota is left.
    package var isNearlyUsedUp: Bool { keys * 5 > maximumKeys * 4 || bytes * 5 > maximumBytes * 4 }

    private static func pair(_ word: Substring) -> (Int64, Int64)? {
        let numbers = word.split(separator: "/").compactMap { Int64($0) }
        return numbers.count == 2 && numbers.allSatisfy { (0...1 << 40).contains($0) } ? (numbers[0], numbers[1]) : nil
    }
}
