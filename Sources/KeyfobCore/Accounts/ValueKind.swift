import Addresses
import CredentialProtocol
import OAuth
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
        kind.fromGit = { text, url in text.hasPrefix("/") && !text.hasPrefix("//") ? url.origin + text : text }
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
    /// Texts without spaces. In git's settings they are separated by spaces or commas.
    static let strings = ValueKind(
        parse: { value throws(Problem) in
            guard let array = value.array else { throw .wrongType(expected: "an array of strings") }
            var strings: [String] = []
            for element in array {
                guard let text = element.string, !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F })
                else {
                    throw .wrongType(expected: "an array of strings without spaces")
                }
                strings.append(text)
            }
            return strings
        }, write: { .texts($0) },
        fromGit: { text, _ in
            TOMLArray(text.utf8.split { $0 <= 0x20 || $0 == UInt8(ascii: ",") }.map { String(Substring($0)) })
        })

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
    static let bool = ValueKind(
        parse: { value throws(Problem) in
            guard let truth = value.bool else { throw .wrongType(expected: "true or false") }
            return truth
        }, write: { .truth($0) })
}

extension ValueKind<Int64> {
    /// A whole number of seconds, from 1 to a day.
    static let seconds = ValueKind(
        parse: { value throws(Problem) in
            guard let number = value.int, (1...86_400).contains(number) else {
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
            return .uri(try ValueKind<String>.address.parse(value))
        }, write: { resource in resource.uri.map { .text($0) } ?? .truth(false) })
}

extension ValueKind where Value: RawRepresentable<String> & CaseIterable {
    /// One of the words of an enumeration.
    static var word: Self {
        ValueKind<String>.string.map(
            { text throws(ConfigurationError.Problem) in
                guard let value = Value(rawValue: text) else {
                    throw .notAllowed(value: text, allowed: Value.allCases.map(\.rawValue))
                }
                return value
            }, { $0.rawValue })
    }
}
