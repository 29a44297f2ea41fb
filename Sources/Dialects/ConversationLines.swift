/// The questions of a conversation, one a line, out of what was read of standard input.
package struct ConversationLines: Sendable {
    /// What was read behind the lines that were taken.
    package private(set) var pending: [UInt8]

    /// What stands behind a line.
    package static let end = [UInt8(ascii: "\n")]

    /// - Parameter pending: what was read before.
    package init(pending: [UInt8] = []) {
        self.pending = pending
    }

    /// Takes the next line without its end, at most one byte more of it than a caller may say; nil at the end.
    ///
    /// - Parameter more: reads on; empty at the end.
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
    /// The first argument with which a door hands a conversation over in which it has said the greeting: the descriptor
    /// that holds what it has read and not answered. The rest is on standard input.
    package static func argument(descriptor: Int32) -> String { option + String(descriptor) }

    /// Takes that argument away, if it is there.
    package static func descriptor(from arguments: inout [String]) -> Int32? {
        guard let first = arguments.first, first.hasPrefix(option),
            let descriptor = Int32(first.dropFirst(option.count))
        else { return nil }
        arguments.removeFirst()
        return descriptor
    }

    private static let option = "--heard="
}

extension InvocationError {
    /// Whether nothing behind the question can be understood: whoever reads on finds its way back at a place that
    /// somebody else chose.
    package var endsConversation: Bool {
        switch self {
        case .tooLarge, .usage: true
        default: false
        }
    }
}
