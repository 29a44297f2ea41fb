package import Addresses
import Secrets

/// How a caller has started keyfob.
package struct Invocation: Sendable {
    /// The arguments after the program's name, without those that selected the dialect.
    package var arguments: [String]
    /// Reads a variable of the environment.
    package var variable: @Sendable (String) -> String?
    /// Reads the input: one request that ends at a blank line, one line of a conversation without its LF, or all of the
    /// input. Returns at most ``maximumInput`` and one byte; nil at the end of a conversation. Called only if the
    /// protocol has an input.
    package var input: @Sendable () -> [UInt8]?

    /// The maximum input of a caller in bytes; the same as in the line protocol.
    package static let maximumInput = AttributeLines.maxRequest

    package init(
        _ arguments: [String], variable: @escaping @Sendable (String) -> String? = { _ in nil },
        input: @escaping @Sendable () -> [UInt8]? = { nil }
    ) {
        (self.arguments, self.variable, self.input) = (arguments, variable, input)
    }

    /// Returns the input; nil at the end of a conversation.
    ///
    /// - Throws: `InvocationError.tooLarge`.
    package func boundedInput() throws(InvocationError) -> [UInt8]? {
        guard let bytes = input() else { return nil }
        guard bytes.count <= Self.maximumInput else { throw .tooLarge }
        return bytes
    }

    /// Returns a variable of the environment if it is set and not empty.
    package func nonempty(_ name: String) -> String? { variable(name).flatMap { $0.isEmpty ? nil : $0 } }
}

/// The reason why an invocation is refused. Nothing is looked up then.
package enum InvocationError: Error, Sendable, Equatable {
    /// The arguments are invalid for this caller; the value describes the valid ones.
    case usage(String)
    /// More than ``Invocation/maximumInput`` bytes.
    case tooLarge
    /// The input does not have the format of the protocol; the value names the invalid part.
    case malformed(String)
    /// A member, an argument or a variable is missing, or empty although it is required.
    case missing(String)
    /// The protocol has no such operation, or keyfob does not support it.
    case unknownOperation(String)
    /// The path of the URL can be read in more than one way: dot segments, `%2F`, `%5C`.
    case ambiguousPath(String)
    /// keyfob does not serve the URL: it is neither https nor http on a loopback host.
    case notAService(String)
    /// The request is not in the line format.
    case request(RequestError, meant: ServiceURL? = nil)
}

extension CredentialRequest {
    /// A request for a URL, for which keyfob does not ask the user.
    ///
    /// - Parameter url: absolute. Its query, its fragment and a password in it are dropped.
    package init(service url: String) throws(InvocationError) {
        // A line break would start another attribute.
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

    /// The same for a URL that may lack its scheme, as the URLs of registries do. Without a scheme it means https. For a
    /// loopback host it means http, because no public authority issues certificates for such a host.
    package init(registry name: String) throws(InvocationError) {
        if name.utf8.indices.contains(where: { name.utf8[$0...].starts(with: "://".utf8) }) {
            try self.init(service: name)
        } else if (try? ServiceURL("http://" + name))?.isLoopback == true {
            try self.init(service: "http://" + name)
        } else {
            try self.init(service: "https://" + name)
        }
    }

    /// Returns the request with a token to store, which its caller sends in a header field.
    ///
    /// - Throws: `InvocationError` if the token is empty or holds a control character.
    package func keeping(token: [UInt8], as username: String) throws(InvocationError) -> CredentialRequest {
        guard !token.contains(where: AttributeLines.isControl) else { throw .malformed("the secret") }
        return try keeping(username: username, secret: token)
    }

    /// Returns the request with a credential to store. The secret may hold any bytes, for example the line breaks of a
    /// JSON key.
    ///
    /// - Parameter mayBeEmpty: whether the caller has named an empty secret, which is a password like any other.
    /// - Throws: `InvocationError` if the secret is empty, or if the user name holds a control character.
    package func keeping(
        username: String, secret: [UInt8], mayBeEmpty: Bool = false
    ) throws(InvocationError) -> CredentialRequest {
        guard !username.utf8.contains(where: AttributeLines.isControl) else { throw .malformed("the user name") }
        guard mayBeEmpty || !secret.isEmpty else { throw .missing("secret") }
        var request = self
        request.username = username
        request.password = Secret(secret)
        return request
    }
}
