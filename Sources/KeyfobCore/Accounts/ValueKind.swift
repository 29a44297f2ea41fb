import Addresses
import CredentialProtocol
import OAuth
import Secrets
import TOMLKit

/// A value in the form in which a configuration file has it.
package enum ConfigurationValue: Sendable, Equatable, CustomStringConvertible {
    case text(String)
    case texts([String])
    case truth(Bool)
    case number(Int64)

    var toml: any TOMLValueConvertible {
        switch self {
        case .text(let text): text
        case .texts(let texts): TOMLArray(texts)
        case .truth(let truth): truth
        case .number(let number): number
        }
    }

    /// For users: texts with one space between them.
    package var description: String {
        switch self {
        case .text(let text): text
        case .texts(let texts): texts.joined(separator: " ")
        case .truth(let truth): String(truth)
        case .number(let number): String(number)
        }
    }
}

/// The form of a key's value: how it is read from TOML and from git's settings, and how it is written.
struct ValueKind<Value: Sendable>: Sendable {
    typealias Problem = ConfigurationError.Problem

    let parse: @Sendable (any TOMLValueConvertible) throws(Problem) -> Value
    let write: @Sendable (Value) -> ConfigurationValue
    /// Converts git's text for the service to the TOML value with the same meaning.
    var fromGit: @Sendable (String, ServiceURL) -> any TOMLValueConvertible = { text, _ in text }

    /// The same form for another type.
    func map<Other>(
        _ read: @escaping @Sendable (Value) throws(Problem) -> Other, _ back: @escaping @Sendable (Other) -> Value
    ) -> ValueKind<Other> {
        ValueKind<Other>(
            parse: { value throws(Problem) in try read(parse(value)) }, write: { write(back($0)) }, fromGit: fromGit)
    }
}

extension ValueKind<String> {
    /// Text that is not empty.
    static let text = ValueKind(
        parse: { value throws(Problem) in
            guard let text = value.string, !text.isEmpty else { throw .wrongType(expected: "a string") }
            return text
        }, write: { .text($0) })

    /// Printable text.
    static let string = text.map(
        { text throws(Problem) in
            guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { throw .wrongType(expected: "a string") }
            return text
        }, { $0 })

    /// An absolute path. A relative one would name a file of the working directory, which may be untrusted.
    static let path = string.map(
        { path throws(Problem) in
            guard path.hasPrefix("/") else { throw .wrongType(expected: "an absolute path") }
            return path
        }, { $0 })

    /// A URL that keyfob may use, as it is written.
    static let address = text.map(
        { text throws(Problem) in
            guard (try? EndpointURL(text)) != nil else { throw .badURL(value: text) }
            return text
        }, { $0 })
}

extension ValueKind<EndpointURL> {
    /// A URL that keyfob may use. In git's settings it may be a path on the origin of the service.
    static let endpoint: Self = {
        var kind = ValueKind<String>.text.map(
            { text throws(ConfigurationError.Problem) in
                guard let url = try? EndpointURL(text) else { throw .badURL(value: text) }
                return url
            }, { $0.string })
        kind.fromGit = { text, url in
            if text.hasPrefix("/") { return text.hasPrefix("//") ? text : url.origin + text }
            // `oauth/authorize` is below the host, and `login.example/authorize` is a host without a scheme.
            let first = text.prefix { $0 != "/" }
            return first.contains { ".:".contains($0) } || first.isEmpty ? text : url.origin + "/" + text
        }
        return kind
    }()
}

extension ValueKind<RedirectTemplate> {
    static let redirect = ValueKind<String>.text.map(
        { text throws(ConfigurationError.Problem) in
            guard let template = try? RedirectTemplate(text) else { throw .badURL(value: text) }
            return template
        }, { $0.uri(port: nil) })
}

extension ValueKind<[String]> {
    /// Texts without spaces: in an array or, as in git's settings, in one text with spaces or commas between them. A space
    /// in an element of the array separates two texts, too: no text of this kind holds one.
    static let strings = ValueKind(
        parse: { value throws(Problem) in
            if let text = value.string { return try words(of: text, mayBeNone: true) { $0 == UInt8(ascii: ",") } }
            guard let array = value.array else { throw .wrongType(expected: "an array of strings") }
            var strings: [String] = []
            for element in array {
                guard let text = element.string else { throw .wrongType(expected: "an array of strings") }
                strings += try words(of: text)
            }
            return strings
        }, write: { .texts($0) })

    /// The words of a text.
    ///
    /// - Parameter isSeparator: whether a byte separates words, as white space does.
    private static func words(
        of text: String, mayBeNone: Bool = false, _ isSeparator: (UInt8) -> Bool = { _ in false }
    ) throws(Problem) -> [String] {
        let words = text.utf8.split { " \t\r\n".utf8.contains($0) || isSeparator($0) }
        guard mayBeNone || !words.isEmpty, words.joined().allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw .wrongType(expected: "an array of strings that are not empty")
        }
        return words.map { String(Substring($0)) }
    }

    /// Hosts, as ``EndpointURL/authority`` writes them.
    static let hosts = strings.map(
        { names throws(Problem) in
            for name in names where (try? EndpointURL("https://" + name))?.authority != name {
                throw .wrongType(expected: "an array of hosts, in lower case and without a scheme")
            }
            return names
        }, { $0 })
}

extension ValueKind<Bool> {
    /// Also as text or number, in the words of git's settings.
    static let bool = ValueKind(
        parse: { value throws(Problem) in
            if let truth = value.bool { return truth }
            switch value.string?.foldedWord ?? value.int.map({ String($0) }) {
            case "true", "yes", "on", "1": return true
            case "false", "no", "off", "0": return false
            default: throw .wrongType(expected: "true or false")
            }
        }, write: { .truth($0) })
}

extension ValueKind<Int64> {
    /// A whole number of seconds, from 1 to a day; also as text.
    static let seconds = ValueKind(
        parse: { value throws(Problem) in
            let number =
                value.int ?? value.string.flatMap { Int($0.trimmedOfBlanks) }
                ?? value.double.flatMap { Int(exactly: $0) }
            guard let number, (1...86_400).contains(number) else {
                throw .wrongType(expected: "a number of seconds from 1 to 86400")
            }
            return Int64(number)
        }, write: { .number($0) })
}

extension ValueKind<Configuration.Resource> {
    /// A URL, or `false` for none.
    static let resource = ValueKind(
        parse: { value throws(Problem) in
            if value.bool == false { return Configuration.Resource.none }
            guard let text = value.string else { throw .wrongType(expected: "a URL, or false") }
            if ["false", "no", "none", ""].contains(text.foldedWord) { return .none }
            return .uri(try ValueKind<String>.address.parse(value))
        }, write: { resource in resource.uri.map { .text($0) } ?? .truth(false) })
}

extension ValueKind<String> {
    /// The word of a provider, with capital letters or without hyphens, too. Any other text as it is written.
    static let provider = string.map(
        { text throws(ConfigurationError.Problem) in
            // Bitbucket Data Center was called Bitbucket Server.
            let word = text.foldedWord == "bitbucketserver" ? "bitbucketdatacenter" : text.foldedWord
            return KnownHost.providers.first { $0.foldedWord.isSame(as: word) } ?? text
        }, { $0 })
}

extension ValueKind where Value: RawRepresentable<String> & CaseIterable {
    /// One of the words of an enumeration.
    static var word: Self { word(also: [:]) }

    /// One of the words of an enumeration, with capital letters or with other marks between its parts, too.
    ///
    /// - Parameter others: further words with one meaning only, folded (``Swift/String/foldedWord``).
    static func word(also others: [String: Value]) -> Self {
        ValueKind(
            parse: { value throws(ConfigurationError.Problem) in
                let allowed = Value.allCases.map(\.rawValue)
                guard let text = value.string ?? value.bool.map({ String($0) }) else {
                    throw .wrongType(expected: "one of " + allowed.joined(separator: ", "))
                }
                let word = text.foldedWord
                guard
                    let value = Value.allCases.first(where: { $0.rawValue.foldedWord.isSame(as: word) }) ?? others[word]
                else { throw .notAllowed(value: text, allowed: allowed) }
                return value
            }, write: { .text($0.rawValue) })
    }
}

extension String {
    /// The text in lower case, without blanks, hyphens and underscores: people write `GitLab` and `client-secret-basic`.
    var foldedWord: String {
        String(decoding: asciiLowercased.utf8.filter { !"-_ \t".utf8.contains($0) }, as: UTF8.self)
    }

    /// The text without blanks around it.
    fileprivate var trimmedOfBlanks: String {
        let start = utf8.drop { $0 <= 0x20 }
        return String(Substring(start.dropLast(start.reversed().prefix { $0 <= 0x20 }.count)))
    }
}
