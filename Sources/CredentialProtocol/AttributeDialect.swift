import Addresses

/// A dialect of attribute lines: git's, and keyfob's own.
package protocol AttributeDialect: Dialect {
    /// Decodes a whole request, as read from standard input.
    func decode(_ input: [UInt8], for operation: Operation) throws(RequestError) -> CredentialRequest

    /// Encodes the whole answer, which is written at once. `request` says which capabilities the caller understands.
    func encode(_ response: CredentialResponse, for request: CredentialRequest) throws(ResponseError) -> [UInt8]
}

extension AttributeDialect {
    package static var deadline: Duration? { nil }
    package static var endsAtBlankLine: Bool { true }
    package static var takesPasswordsWithoutPath: Bool { false }

    package func found(_ answer: Answer, for request: CredentialRequest) throws(ResponseError) -> Reply {
        Reply(try encode(answer.response, for: request))
    }

    /// The question for an operation, with the request on standard input.
    func question(_ operation: Operation, _ invocation: Invocation) throws(InvocationError) -> Question {
        let input = invocation.input() ?? []
        do {
            return Question(operation, try decode(input, for: operation))
        } catch {
            throw .request(error, meant: Self.meant(by: input, error))
        }
    }

    /// The service that the line `url=` probably means, if it is what is wrong.
    private static func meant(by input: [UInt8], _ error: RequestError) -> ServiceURL? {
        guard [.invalid(.url), .invalid(.host), .internationalHost].contains(error) else { return nil }
        let name = Array((Attribute.url.rawValue + "=").utf8)
        return input.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: name) }.flatMap {
            ServiceURL.proposal(for: String(decoding: $0.dropFirst(name.count), as: UTF8.self))
        }
    }
}
