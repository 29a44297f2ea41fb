internal import CZlib

/// Decompression (RFC 1950 to RFC 1952). The library zlib does it.
package enum Inflation {
    /// The form of a compressed text.
    package enum Form: Sendable {
        /// With the header of gzip or of zlib.
        case withHeader
        /// Without a header.
        case raw
    }

    /// The first bytes of gzip. No text in UTF-8 has them.
    package static let markOfGzip: [UInt8] = [0x1F, 0x8B]

    /// Decompresses the stream at the beginning of `input`, and the members of gzip directly behind it (RFC 1952 section
    /// 2.2). It ignores what follows.
    ///
    /// - Parameter limit: the maximum size of the result, in bytes.
    /// - Returns: the result up to `limit`, or up to the damage of the stream; and whether the stream is complete and
    ///   undamaged.
    package static func inflate(
        _ input: [UInt8], _ form: Form, upTo limit: Int
    ) -> (output: [UInt8], isComplete: Bool) {
        let window =
            switch form {
            case .withHeader: Int32(keyfob_inflate_detected)
            case .raw: Int32(keyfob_inflate_raw)
            }
        var isComplete = false
        let output = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            count = limit
            isComplete =
                unsafe input.withUnsafeBufferPointer { input in
                    unsafe keyfob_inflate(input.baseAddress, input.count, buffer.baseAddress, &count, window)
                } != 0
        }
        return (output, isComplete)
    }
}
