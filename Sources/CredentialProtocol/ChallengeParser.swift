/// Reads the value of one `WWW-Authenticate` field (RFC 9110 sections 11.2 to 11.4 and 11.6.1).
///
///     challenge  = auth-scheme [ 1*SP ( token68 / #auth-param ) ]
///     auth-param = token BWS "=" BWS ( token / quoted-string )
///
/// One comma separates challenges and parameters alike. Between two commas stands a parameter if a name and `=` stand
/// there, and else the start of the next challenge. What fits neither spoils the challenge that it stands in, up to the
/// next comma outside a quoted string; the parameters behind it still belong to that challenge. Time and memory grow with
/// the length of the field and no faster.
struct ChallengeParser {
    /// A challenge as it was found.
    struct Element {
        /// In lower case.
        let scheme: String
        var token68: String?
        /// Names in lower case, each once.
        var parameters: [(name: String, value: String)] = []
        /// False where a part of the challenge breaks the grammar.
        var isReadable = true
    }

    /// No scheme has half as many; more would make the search for doubles slow.
    static let maximumParameters = 32

    private let field: [UInt8]
    private var position = 0
    private var elements: [Element] = []

    /// All challenges of a field, the unreadable among them.
    static func elements(of field: String) -> [Element] {
        var parser = ChallengeParser(field: Array(field.utf8))
        parser.readField()
        return parser.elements
    }

    private init(field: [UInt8]) {
        self.field = field
    }

    private mutating func readField() {
        while true {
            // A list may have empty elements (RFC 9110 section 5.6.1.2).
            while skipBlanks() || skip(Self.comma) {}
            if isAtEnd { return }
            readElement()
        }
    }

    private mutating func readElement() {
        let word = readToken()
        if word.isEmpty { return spoil() }
        if isFollowedByEquals { readParameter(named: word) } else { readChallenge(scheme: word) }
    }

    private mutating func readChallenge(scheme: ArraySlice<UInt8>) {
        elements.append(Element(scheme: Self.lowercased(scheme)))
        let isSeparated = skipBlanks()
        if isAtElementEnd { return }
        guard isSeparated else { return spoil() }
        if let token = readToken68() {
            elements[elements.count - 1].token68 = token
            return
        }
        let name = readToken()
        guard !name.isEmpty, isFollowedByEquals else { return spoil() }
        readParameter(named: name)
    }

    /// From the `=` on.
    private mutating func readParameter(named name: ArraySlice<UInt8>) {
        _ = skipBlanks()
        _ = skip(Self.equals)
        _ = skipBlanks()
        guard let value = skip(Self.quote) ? readQuotedString() : readTokenValue() else { return spoil() }
        _ = skipBlanks()
        guard isAtElementEnd, var challenge = elements.popLast() else { return spoil() }

        let name = Self.lowercased(name)
        let isNew = !challenge.parameters.contains { $0.name == name }
        if isNew, challenge.token68 == nil, challenge.parameters.count < Self.maximumParameters {
            challenge.parameters.append((name, value))
        } else {
            challenge.isReadable = false
        }
        elements.append(challenge)
    }

    /// Marks the challenge that we are in, and goes on to the next comma outside a quoted string.
    private mutating func spoil() {
        if !elements.isEmpty { elements[elements.count - 1].isReadable = false }
        while !isAtElementEnd {
            if skip(Self.quote) { _ = readQuotedString() } else { position += 1 }
        }
    }
}

extension ChallengeParser {
    private static let comma = UInt8(ascii: ",")
    private static let equals = UInt8(ascii: "=")
    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    private var isAtEnd: Bool { position == field.endIndex }

    private var isAtElementEnd: Bool { isAtEnd || field[position] == Self.comma }

    /// Whether the next byte that is not blank is `=`.
    private var isFollowedByEquals: Bool { field[position...].first { !Self.isBlank($0) } == Self.equals }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard !isAtEnd, field[position] == byte else { return false }
        position += 1
        return true
    }

    /// Whether there were any. A tab is one, also behind a scheme: folded lines leave it there.
    private mutating func skipBlanks() -> Bool {
        let start = position
        while !isAtEnd, Self.isBlank(field[position]) { position += 1 }
        return position > start
    }

    private mutating func read(while belongs: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let start = position
        while !isAtEnd, belongs(field[position]) { position += 1 }
        return field[start..<position]
    }

    private mutating func readToken() -> ArraySlice<UInt8> { read(while: TokenGrammar.isTokenCharacter) }

    private mutating func readTokenValue() -> String? {
        let token = readToken()
        return token.isEmpty ? nil : String(decoding: token, as: UTF8.self)
    }

    /// A token68 that fills the rest of the element; nil, and nothing read, where something else stands there.
    private mutating func readToken68() -> String? {
        let start = position
        let letters = read(while: Self.isToken68Character)
        let padding = read { $0 == Self.equals }
        let token = field[start..<padding.endIndex]
        _ = skipBlanks()
        if !letters.isEmpty, isAtElementEnd { return String(decoding: token, as: UTF8.self) }
        position = start
        return nil
    }

    /// Behind the opening quotation mark; nil, with everything read, where there is no closing one or a control character.
    private mutating func readQuotedString() -> String? {
        var bytes: [UInt8] = []
        var isClean = true
        while !isAtEnd {
            if skip(Self.quote) { return isClean ? String(decoding: bytes, as: UTF8.self) : nil }
            if skip(Self.backslash), isAtEnd { return nil }
            let byte = field[position]
            if AttributeLines.isControl(byte), byte != UInt8(ascii: "\t") { isClean = false }
            bytes.append(byte)
            position += 1
        }
        return nil
    }

    private static func lowercased(_ token: ArraySlice<UInt8>) -> String {
        String(decoding: token, as: UTF8.self).lowercased()
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    /// RFC 9110 section 11.2.
    private static func isToken68Character(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: "-._~+/".utf8.contains(byte)
        }
    }
}
