import Compression
import Secrets

/// The body of an answer without its content codings (RFC 9110 section 8.4).
///
/// keyfob asks for none. Some servers and gateways compress nevertheless, or only say so. An answer may not come a second
/// time, so the bytes decide, and not the name of the coding:
/// - Text stays as it is.
/// - A stream may have the header of gzip, that of zlib, or for `deflate` none (section 8.4.1.2).
/// - Of a damaged stream, the part before the damage counts.
struct DecodedBody {
    /// Why the bytes are not the whole body.
    enum Problem { case damaged, tooLarge }

    private(set) var bytes: [UInt8]
    private(set) var problem: Problem?

    /// - Parameters:
    ///   - codings: the elements of `Content-Encoding`, in their order.
    ///   - limit: the maximum size of the result, in bytes.
    init(_ bytes: [UInt8], codings: [String], limit: Int) {
        self.bytes = bytes
        for coding in codings.reversed().prefix(Self.mostCodings) where coding.asciiLowercased != "identity" {
            decode(isPerhapsRaw: coding.asciiLowercased.ends(with: "deflate"), limit)
        }
        // Compressed without a word, or once more than said.
        if self.bytes.starts(with: Inflation.markOfGzip) { decode(isPerhapsRaw: false, limit) }
    }

    /// No server needs more than one. Each costs time.
    private static let mostCodings = 4

    private var isText: Bool { String(validating: bytes, as: UTF8.self) != nil }

    private mutating func decode(isPerhapsRaw: Bool, _ limit: Int) {
        guard !isText else { return }
        for form in isPerhapsRaw ? [Inflation.Form.withHeader, .raw] : [.withHeader] {
            // One byte more shows that there are too many.
            let (output, isComplete) = Inflation.inflate(bytes, form, upTo: limit + 1)
            guard isComplete || !output.isEmpty else { continue }
            bytes = Array(output.prefix(limit))
            if output.count > limit { problem = .tooLarge } else if !isComplete { problem = problem ?? .damaged }
            return
        }
        problem = problem ?? .damaged
    }
}
