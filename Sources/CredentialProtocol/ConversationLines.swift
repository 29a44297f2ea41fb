/// Splits standard input into the questions of a conversation, one a line.
package struct ConversationLines: Sendable {
    /// The bytes that were read after the lines already taken.
    package private(set) var pending: [UInt8]

    /// The end of a line.
    package static let end = [UInt8(ascii: "\n")]

    /// - Parameter pending: bytes that were read earlier.
    package init(pending: [UInt8] = []) {
        self.pending = pending
    }

    /// Takes the next line without its end, cut at ``Invocation/maximumInput`` and one byte. Returns nil at the end of
    /// the input.
    ///
    /// - Parameter more: reads more bytes; returns an empty slice at the end.
    package mutating func next(_ more: () -> ArraySlice<UInt8>) -> [UInt8]? {
        var scanned = 0
        while true {
            if let end = pending[scanned...].firstIndex(of: Self.end[0]) {
                defer { pending.removeSubrange(...end) }
                return Array(pending[..<end].prefix(Invocation.maximumInput + 1))
            }
            scanned = pending.count
            guard scanned <= Invocation.maximumInput else { break }
            let bytes = more()
            if bytes.isEmpty { break }
            pending += bytes
        }
        defer { pending = [] }
        return pending.isEmpty ? nil : Array(pending.prefix(Invocation.maximumInput + 1))
    }
}

extension ConversationLines {
    /// The first argument when a door hands over a conversation after its greeting. It names the file descriptor that
    /// holds the bytes that the door has read but not answered; the rest is on standard input.
    package static func argument(descriptor: Int32) -> String { option + String(descriptor) }

    /// Removes that argument, if it is present, and returns its file descriptor. A door never names a standard descriptor.
    package static func descriptor(from arguments: inout [String]) -> Int32? {
        guard let first = arguments.first, first.hasPrefix(option),
            let descriptor = Int32(first.dropFirst(option.count)), descriptor > 2
        else { return nil }
        arguments.removeFirst()
        return descriptor
    }

    private static let option = "--heard="
}

extension InvocationError {
    /// Whether the conversation must end after this error, because the rest of the input cannot be trusted. A reader
    /// that went on would resume at a place that an attacker may have chosen.
    package var endsConversation: Bool {
        switch self {
        case .tooLarge, .usage: true
        default: false
        }
    }
}
