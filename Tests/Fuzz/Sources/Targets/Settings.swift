import KeyfobCore

/// Settings of another program, in each of the formats in which keyfob sets something: what comes of it holds all that was
/// there, and says what it should.
func fuzzSettings(_ bytes: [UInt8]) throws {
    guard let text = String(validating: bytes, as: UTF8.self) else { return }
    try requireAddition(to: text) { text throws(SettingsProblem) in
        try JSONSettings(text).setting(.string("x"), at: ["a", "b"])
    }
    for table in ["t", nil] {
        try requireAddition(to: text) { text throws(SettingsProblem) in
            try TOMLSettings(text).setting("k", of: table, to: "[\"x\"]")
        }
    }
    try requireAddition(to: text) { text throws(SettingsProblem) in try HCLSettings(text).adding("h \"x\" {}") }
    try requireAddition(to: text) { text throws(SettingsProblem) in
        try LineSettings(text).setting("k", of: "s", to: "x")
    }
    try requireAddition(to: text) { text throws(SettingsProblem) in
        try LineSettings(text).adding("k=x", setting: "k") { $0.hasPrefix("k=") ? "" : nil }
    }
}

/// Nothing was taken away, and the second time there is nothing to do.
private func requireAddition(
    to text: String, _ change: (String) throws(SettingsProblem) -> String
) throws {
    guard case .success(let changed) = outcome({ () throws(SettingsProblem) in try change(text) }) else { return }
    var rest = changed.utf8[...]
    for byte in text.utf8 where byte > 0x20 {  // where an object was empty, its blanks go
        guard let found = rest.firstIndex(of: byte) else { throw Violation(description: "taken away: \(changed)") }
        rest = rest[rest.index(after: found)...]
    }
    let again = outcome { () throws(SettingsProblem) in try change(changed) }
    try require(again == .success(changed), "set twice: \(again)")
    let concealed = Concealed(ours: [])
    let shown = UnifiedDiff.lines(from: text, to: changed, name: "f") { concealed.shown($0) }
    try require(shown.isEmpty == (text == changed), "a change that is not shown")
}
