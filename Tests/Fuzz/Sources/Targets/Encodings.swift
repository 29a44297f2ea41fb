@testable import OAuth

/// Decodes the text as a form, and encodes it as the value in a form.
func fuzzForm(_ bytes: [UInt8]) throws {
    guard let text = String(validating: bytes, as: UTF8.self) else { return }
    let encoded = FormEncoding.encode(text)
    try require(isVisible(encoded.utf8) && !encoded.contains("&") && !encoded.contains("="), "not encoded: \(encoded)")
    let pair = FormEncoding.decode("v=" + encoded)
    try require(
        pair?.count == 1 && pair?.first?.name == "v" && pair?.first?.value == text, "another text after decoding")

    guard let pairs = FormEncoding.decode(text) else { return }
    let written = pairs.map { FormEncoding.encode($0.name) + "=" + FormEncoding.encode($0.value) }
    let again = FormEncoding.decode(written.joined(separator: "&"))
    try require(again?.map(\.name) == pairs.map(\.name), "another name after encoding")
    try require(again?.map(\.value) == pairs.map(\.value), "another value after encoding")
}

/// base64url: encodes the bytes, and decodes them.
func fuzzBase64(_ bytes: [UInt8]) throws {
    let encoded = Base64URL.encode(bytes)
    try require(Base64URL.decode(encoded.utf8) == bytes, "decodes to other bytes")
    try require(!encoded.utf8.contains { "+/=".utf8.contains($0) }, "not base64url: \(encoded)")
    guard let decoded = Base64URL.decode(bytes) else { return }
    try require(decoded.count <= bytes.count, "more bytes than in the input")
}

/// `Retry-After`, in seconds or as a date.
func fuzzRetryAfter(_ bytes: [UInt8]) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    let seconds = RetryAfter.seconds(text, now: 1_700_000_000)
    try require(seconds == RetryAfter.seconds(text, now: 1_700_000_000), "one time has two readings")
    try require(seconds.map { (0...86_400).contains($0) } != false, "an invalid time: \(seconds ?? 0)")
    let later = RetryAfter.seconds(text, now: 1_700_000_001)
    try require((seconds == nil) == (later == nil) && later ?? 0 <= seconds ?? 0, "a second later the wait is longer")
}
