import Setup

/// Settings of another program, in each format that keyfob edits. The result has the new setting and everything else as
/// before.
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
    try requireAddition(to: text) { text throws(SettingsProblem) in
        try LineSettings(text).setting("k", of: "s", to: "x")
    }
    try requireAddition(to: text) { text throws(SettingsProblem) in
        try LineSettings(text).adding("k=x", setting: "k") { $0.hasPrefix("k=") ? "" : nil }
    }
}

/// Checks that nothing was removed, that the user sees the whole insertion, and that a second edit changes nothing.
private func requireAddition(
    to text: String, _ change: (String) throws(SettingsProblem) -> TextEdit?
) throws {
    guard case .success(let edit?) = outcome({ () throws(SettingsProblem) in try change(text) }) else { return }
    var rest = edit.text.utf8[...]
    for byte in text.utf8 where byte > 0x20 {  // An empty object loses its white space
        guard let found = rest.firstIndex(of: byte) else { throw Violation(description: "removed: \(edit.text)") }
        rest = rest[rest.index(after: found)...]
    }
    let again = outcome { () throws(SettingsProblem) in try change(edit.text) }
    try require(again == .success(nil), "set twice: \(again)")
    let shown = edit.shown.lines.joined().utf8.count { $0 > 0x20 }
    let added = edit.text.utf8.count { $0 > 0x20 } - text.utf8.count { $0 > 0x20 }
    try require(shown == added, "shown is \(edit.shown)")
}
