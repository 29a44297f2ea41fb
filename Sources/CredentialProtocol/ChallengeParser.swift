/// Reads the value of one `WWW-Authenticate` field (RFC 9110 sections 11.2 to 11.4 and 11.6.1).
///
///     challenge  = auth-scheme [ 1*SP ( token68 / #auth-param ) ]
///     auth-param = token BWS "=" BWS ( token / quoted-string )
///
/// Commas separate challenges as well as parameters. The text between two commas is a parameter if it starts with a
/// name and `=`; otherwise it starts the next challenge. Text that is neither makes the current challenge unreadable,
/// and the parser skips to the next comma outside a quoted string. Parameters after that comma still belong to the same
/// challenge. Time and memory are linear in the length of the field.
struct ChallengeParser {
    /// A challenge as it was found in the field.
    struct Element {
        /// In lower case.
        let scheme: String
        var token68: String?
        /// Names in lower case, each once.
        var parameters: [(name: String, value: String)] = []
        /// False if a part of the challenge breaks the grammar.
        var isReadable = true
    }

    /// No known scheme has half as many. A higher limit would make the search for duplicate names slow.
    static let maximumParameters = 32

    private let field: [UInt8]
    private var position = 0
    private var elements: [Element] = []

    /// Returns all challenges of a field, including the unreadable ones.
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

    /// Reads a parameter whose name has been read; the position is at the `=` or the blanks before it.
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

    /// Marks the current challenge as unreadable and skips to the next comma outside a quoted string.
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

    /// Skips spaces and tabs. Returns whether there were any. A tab counts after a scheme too: folded lines leave one
    /// there.
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

    /// Reads a token68 that fills the rest of the element. Returns nil and reads nothing if there is other text.
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

    /// Reads a quoted string after its opening quotation mark. Returns nil if it holds a control character or is not
    /// closed; the string, or the rest of the field, has then been read.
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
