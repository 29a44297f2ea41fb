package import CredentialProtocol
import JSON
import Secrets

/// Cargo's credential providers, version 1 (doc.rust-lang.org/cargo/reference/credential-provider-protocol.html).
///
/// A conversation of JSON objects, one a line. keyfob writes the versions that it supports; then Cargo asks until it
/// closes keyfob's standard input. An error is the answer to its question; the exit status is 0. Cargo puts the token
/// into the `Authorization` field unchanged.
///
/// - `login` with a token stores it. `login` without a token signs in; if the user is signed in, keyfob replaces the
///   remembered access token, because Cargo recommends to log in if the registry refused a token. `logout` deletes
///   the stored token and the access token.
/// - A `get` does not tell that the registry refused the last token.
/// - Not supported: tokens for one operation only; asymmetric tokens.
/// - Not found: `{"Err":{"kind":"not-found"}}`; for a URL that is no service, `url-not-supported`. Cargo then asks the
///   next provider.
/// - Deadline: Cargo has none; keyfob stops after 30 seconds. It asks the user only for `login`.
package struct CargoDialect: Dialect {
    package static let name = "cargo"
    package static let executables = ["cargo-credential-keyfob"]
    package static let keptAs: String? = "cargo"
    package static let greeting: [UInt8]? = Array(#"{"v":[1]}"#.utf8) + [UInt8(ascii: "\n")]

    private var kind = ""

    package init() {}

    package mutating func question(_ invocation: Invocation) throws(InvocationError) -> Question {
        guard invocation.arguments == ["--cargo-plugin"] else { throw .usage("cargo-credential-keyfob --cargo-plugin") }
        guard let line = try invocation.boundedInput() else { return .reply(.end) }
        let message = try JSON.parse(line, Self.what)
        guard case .integer(let version) = message["v"], let kind = try message.text("kind", Self.what),
            let registry = try message.object("registry", Self.what)
        else { throw .malformed(Self.what) }
        guard version == 1 else { throw .malformed("the version of Cargo's message") }
        self.kind = kind
        var request = try service(registry)
        switch (kind, try message.text("token", Self.what)) {
        case ("get", _): return .get(request)
        case ("login", let token?):
            return .store(try request.keeping(token: Array(token.utf8), as: Self.keptAs ?? ""))
        case ("login", nil):
            request.interaction = nil
            return .renew(request)
        case ("logout", _): return .erase(request)
        default: throw .unknownOperation(kind)
        }
    }

    /// Index URLs begin with `sparse+`, or are the URLs of a git repository.
    private func service(_ registry: JSON) throws(InvocationError) -> CredentialRequest {
        guard let index = try registry.text("index-url", Self.what) else { throw .malformed(Self.what) }
        let sparse = "sparse+"
        let url = index.begins(with: sparse) ? Substring(index.utf8.dropFirst(sparse.utf8.count)) : index[...]
        let headers = try Self.headers(of: registry)
        var request = try CredentialRequest(service: String(url))
        request.wwwauth = Challenges.values(in: headers)
        return request
    }

    /// The header lines of the server's response; empty if Cargo sends none.
    private static func headers(of registry: JSON) throws(InvocationError) -> [String] {
        guard let headers = registry["headers"] else { return [] }
        guard case .array(let elements) = headers else { throw .malformed(what) }
        let lines = elements.compactMap { if case .string(let line) = $0 { line } else { nil } }
        guard lines.count == elements.count else { throw .malformed(what) }
        return lines
    }

    private static let what = "Cargo's message"

    package func found(_ answer: Answer, for request: CredentialRequest) throws(ResponseError) -> Reply {
        guard kind == "get" else { return Self.succeeded(kind) }
        let isKept = answer.response.authtype == nil && answer.response.username == Self.keptAs
        let token = isKept ? try answer.response.secretText() : try answer.response.authorization()
        let content = JSON.object([
            "kind": .string(kind), "token": .string(token),
            "cache": .string(answer.renewal == nil ? "session" : "expires"),
            "expiration": answer.renewal.map { .number($0) }, "operation_independent": .bool(true),
        ])
        return Reply(JSON.object(["Ok": content]).line)
    }

    package func done(_ operation: Operation) -> Reply {
        Self.succeeded(operation == .store ? "login" : "logout")
    }

    private static func succeeded(_ kind: String) -> Reply {
        Reply(JSON.object(["Ok": .object(["kind": .string(kind)])]).line)
    }

    package func failed(_ report: Report) -> Reply {
        let kind =
            switch report.code {
            case .noCredential: "not-found"
            case .unsupportedService: "url-not-supported"
            case .usage: "operation-not-supported"
            default: "other"
            }
        let content = JSON.object([
            "kind": .string(kind), "message": .string(report.message),
            "caused-by": report.hints.isEmpty ? nil : .array(report.hints.map { .string($0) }),
        ])
        return Reply(JSON.object(["Err": content]).line)
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
