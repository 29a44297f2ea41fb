package import CredentialProtocol
import Secrets

/// Cargo's credential providers, version 1 (doc.rust-lang.org/cargo/reference/credential-provider-protocol.html).
///
/// A conversation of JSON objects, one a line. keyfob writes the versions that it supports; then Cargo asks until it
/// closes keyfob's standard input. An error is the answer to its question; the exit status is 0. Cargo puts the token
/// into the `Authorization` field unchanged.
///
/// - `login` with a token stores it; `login` without a token signs in. `logout` deletes the stored token and the access
///   token.
/// - Not supported: tokens for one operation only; asymmetric tokens.
/// - Not found: `{"Err":{"kind":"not-found"}}`; for a URL that is no service, `url-not-supported`. Cargo then asks the
///   next provider.
/// - Deadline: Cargo has none; keyfob stops after 30 seconds. It asks the user only for `login`.
package struct CargoDialect: CallerDialect {
    package static let name = "cargo"
    package static let executables = ["cargo-credential-keyfob"]
    package static let keptAs: String? = "cargo"
    package static let greeting: [UInt8]? = Array(#"{"v":[1]}"#.utf8) + [UInt8(ascii: "\n")]

    private var kind = ""

    package init() {}

    private struct Message: Decodable {
        var v: Int
        var kind: String
        var registry: Registry
        var token: String?

        struct Registry: Decodable {
            var indexURL: String
            var headers: [String]?

            enum CodingKeys: String, CodingKey {
                case indexURL = "index-url"
                case headers
            }
        }
    }

    private struct Success: Encodable {
        var Ok: Content

        struct Content: Encodable {
            var kind: String
            var token: String?
            var cache: String?
            var expiration: Int64?
            var operation_independent: Bool?
        }
    }

    private struct Refusal: Encodable {
        var Err: Content

        struct Content: Encodable {
            var kind: String
            var message: String?
            var causedBy: [String]?

            enum CodingKeys: String, CodingKey {
                case kind, message
                case causedBy = "caused-by"
            }
        }
    }

    package mutating func question(_ invocation: Invocation) throws(InvocationError) -> Question {
        guard invocation.arguments == ["--cargo-plugin"] else { throw .usage("cargo-credential-keyfob --cargo-plugin") }
        guard let line = try invocation.boundedInput() else { return .end }
        let message = try JSONLine.decode(Message.self, from: line, "Cargo's message")
        guard message.v == 1 else { throw .malformed("the version of Cargo's message") }
        kind = message.kind
        var request = try service(message.registry)
        switch (message.kind, message.token) {
        case ("get", _): return .get(request)
        case ("login", let token?):
            return .store(try request.keeping(username: Self.keptAs ?? "", secret: Array(token.utf8)))
        case ("login", nil):
            request.interaction = nil
            return .get(request)
        case ("logout", _): return .erase(request)
        default: throw .unknownOperation(message.kind)
        }
    }

    /// Index URLs begin with `sparse+`, or are the URLs of a git repository.
    private func service(_ registry: Message.Registry) throws(InvocationError) -> CredentialRequest {
        let sparse = "sparse+"
        let url =
            registry.indexURL.begins(with: sparse)
            ? Substring(registry.indexURL.utf8.dropFirst(sparse.utf8.count)) : registry.indexURL[...]
        var request = try CredentialRequest(service: String(url))
        request.wwwauth = Challenges.values(in: registry.headers ?? [])
        return request
    }

    package func found(_ answer: Answer, for request: CredentialRequest) throws(ResponseError) -> Reply {
        guard kind == "get" else { return Reply(JSONLine.encode(Success(Ok: .init(kind: kind)))) }
        let isKept = answer.response.authtype == nil && answer.response.username == Self.keptAs
        let token = isKept ? try answer.response.secretText() : try answer.response.authorization()
        let content = Success.Content(
            kind: kind, token: token, cache: answer.renewal == nil ? "session" : "expires",
            expiration: answer.renewal, operation_independent: true)
        return Reply(JSONLine.encode(Success(Ok: content)))
    }

    package func done(_ operation: Operation) -> Reply {
        Reply(JSONLine.encode(Success(Ok: .init(kind: operation == .store ? "login" : "logout"))))
    }

    package func failed(_ failure: Report) -> Reply {
        let kind =
            switch failure.code {
            case .noCredential: "not-found"
            case .unsupportedService: "url-not-supported"
            case .usage: "operation-not-supported"
            default: "other"
            }
        let content = Refusal.Content(
            kind: kind, message: failure.message, causedBy: failure.hints.isEmpty ? nil : failure.hints)
        return Reply(JSONLine.encode(Refusal(Err: content)))
    }
}

/// Reads the server's challenges from the header lines that callers pass on.
enum Challenges {
    /// Returns the values of the `WWW-Authenticate` fields among header lines. Values with control characters are left
    /// out.
    static func values(in lines: [String]) -> [String] {
        lines.compactMap { line in
            let parts = line.parts(at: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].asciiLowercased == "www-authenticate" else { return nil }
            let value = parts[1].utf8.drop { $0 == UInt8(ascii: " ") }
            return value.contains(where: AttributeLines.isControl) ? nil : String(Substring(value))
        }
    }
}
