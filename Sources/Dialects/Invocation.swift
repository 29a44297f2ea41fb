import CredentialProtocol
import Secrets

/// How a caller has started us.
package struct Invocation: Sendable {
    /// What stands behind the program's name, less what chose the dialect.
    package var arguments: [String]
    /// The environment.
    package var variable: @Sendable (String) -> String?
    /// Reads standard input to its end, or one line of a conversation without its end; at most one byte more than
    /// ``maximumInput``. Called only where the protocol has an input. Nil at the end of a conversation.
    package var input: @Sendable () -> [UInt8]?

    /// The most bytes that a caller may say: what the line protocol allows, too.
    package static let maximumInput = AttributeLines.maxRequest

    package init(
        _ arguments: [String], variable: @escaping @Sendable (String) -> String? = { _ in nil },
        input: @escaping @Sendable () -> [UInt8]? = { nil }
    ) {
        (self.arguments, self.variable, self.input) = (arguments, variable, input)
    }

    /// The input, if it is not too large; nil at the end of a conversation.
    func boundedInput() throws(InvocationError) -> [UInt8]? {
        guard let bytes = input() else { return nil }
        guard bytes.count <= Self.maximumInput else { throw .tooLarge }
        return bytes
    }

    /// A variable that is set and not empty.
    func nonempty(_ name: String) -> String? { variable(name).flatMap { $0.isEmpty ? nil : $0 } }
}

/// Why an invocation is refused, as facts. Nothing is looked up then.
package enum InvocationError: Error, Sendable, Equatable {
    /// The arguments are none that this caller has; what they may be.
    case usage(String)
    /// More than ``Invocation/maximumInput`` bytes.
    case tooLarge
    /// The input is not of the form that the protocol has.
    case malformed(String)
    /// A member, an argument or a variable is absent, or empty where it must not be.
    case missing(String)
    /// The protocol has no such operation, or we do not have it.
    case unknownOperation(String)
    /// A URL whose path can be read in more than one way: dot segments, `%2F`, `%5C`.
    case ambiguousPath(String)
    /// A URL that names no service that keyfob serves: it is neither https, nor http on a loopback host.
    case notAService(String)
}

extension CredentialRequest {
    /// A request for a URL that nobody will be asked for.
    ///
    /// - Parameter url: absolute. Its query and fragment are dropped, and a password in it too.
    init(service url: String) throws(InvocationError) {
        // An end of line would be the beginning of another attribute.
        guard !url.utf8.contains(where: AttributeLines.isControl) else { throw .notAService(url) }
        var request: CredentialRequest
        do {
            request = try LineDialect().decode(Array("url=\(url)\n".utf8), for: .get)
        } catch {
            throw error == .ambiguousPath(.url) ? .ambiguousPath(url) : .notAService(url)
        }
        guard let service = request.url, service.scheme == "https" || service.isLoopback else {
            throw .notAService(url)
        }
        request.password = nil
        request.interaction = .never
        self = request
    }

    /// The same for a URL that may lack its scheme, as registries do: https then, but http for this machine itself,
    /// where nobody has a certificate.
    package init(registry name: String) throws(InvocationError) {
        if name.utf8.firstRange(of: "://".utf8) != nil {
            try self.init(service: name)
        } else if (try? ServiceURL("http://" + name))?.isLoopback == true {
            try self.init(service: "http://" + name)
        } else {
            try self.init(service: "https://" + name)
        }
    }

    /// The request with a credential to be kept.
    ///
    /// - Throws: where user name or secret hold a control character, which no line of git's protocol could bring back.
    func keeping(username: String, secret: [UInt8]) throws(InvocationError) -> CredentialRequest {
        guard !username.utf8.contains(where: AttributeLines.isControl) else { throw .malformed("the user name") }
        guard !secret.isEmpty else { throw .missing("secret") }
        guard !secret.contains(where: AttributeLines.isControl) else { throw .malformed("the secret") }
        var request = self
        request.username = username
        request.password = Secret(secret)
        return request
    }
}
