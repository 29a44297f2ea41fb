/// The form with a password field on a page, parsed just far enough to fill it in.
struct SignInForm {
    /// The URL that the form is sent to, or nil for the page's own URL.
    let action: String?
    private var fields: [(name: String, value: String, type: String)] = []

    /// Returns nil if the page has no such form.
    init?(_ page: String) {
        let tags = Self.tags(page)
        guard let form = tags.first(where: { $0.name == "form" }) else { return nil }
        action = form.attributes["action"].flatMap { $0.isEmpty ? nil : $0 }
        for tag in tags where ["input", "button"].contains(tag.name) {
            guard let name = tag.attributes["name"] else { continue }
            let type = tag.attributes["type"]?.lowercased() ?? (tag.name == "button" ? "submit" : "text")
            fields.append((name, tag.attributes["value"] ?? "", type))
        }
        guard fields.contains(where: { $0.type == "password" }) else { return nil }
    }

    /// The form's body as a browser sends it when the user presses the first button.
    func filledIn(name: String, password: String) -> String {
        var pairs: [(String, String)] = []
        var hasButton = false
        for field in fields {
            switch field.type {
            case "password": pairs.append((field.name, password))
            case "text", "email": pairs.append((field.name, name))
            case "submit":
                if !hasButton { pairs.append((field.name, field.value)) }
                hasButton = true
            default: pairs.append((field.name, field.value))
            }
        }
        return pairs.map { Self.encode($0.0) + "=" + Self.encode($0.1) }.joined(separator: "&")
    }

    /// The opening tags of a page with their attributes.
    private static func tags(_ page: String) -> [(name: String, attributes: [String: String])] {
        page.split(separator: "<").dropFirst().compactMap { piece in
            guard piece.first?.isLetter == true, let end = piece.firstIndex(of: ">") else { return nil }
            let tag = piece[..<end]
            let name = tag.prefix { !$0.isWhitespace }
            return (name.lowercased(), attributes(tag.dropFirst(name.count)))
        }
    }

    /// `name="value"` pairs; a name alone has an empty value.
    private static func attributes(_ text: Substring) -> [String: String] {
        var (rest, found) = (text, [String: String]())
        while true {
            rest = rest.drop { $0.isWhitespace || $0 == "/" }
            let name = rest.prefix { !$0.isWhitespace && $0 != "=" }
            guard !name.isEmpty else { return found }
            rest = rest.dropFirst(name.count)
            guard rest.first == "=" else {
                found[name.lowercased()] = ""
                continue
            }
            rest = rest.dropFirst()
            let quote = rest.first.flatMap { "\"'".contains($0) ? $0 : nil }
            if quote != nil { rest = rest.dropFirst() }
            let value = rest.prefix { quote.map { [$0] }?.contains($0) != true && (quote != nil || !$0.isWhitespace) }
            rest = rest.dropFirst(value.count + (quote == nil ? 0 : 1))
            found[name.lowercased()] = unescape(String(value))
        }
    }

    private static func unescape(_ text: String) -> String {
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")].reduce(text) { text, entity in
            text.split(separator: entity.0, omittingEmptySubsequences: false).joined(separator: entity.1)
        }
    }

    private static func encode(_ text: String) -> String {
        text.utf8.map { byte in
            let scalar = Unicode.Scalar(byte)
            let isPlain = byte < 128 && (scalar.properties.isAlphabetic || (0x30...0x39).contains(byte))
            return isPlain ? String(scalar) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}
